/** One server-sent event, as the standard cuts it. */
export type ServerEvent = { readonly name: string; readonly data: string; readonly id?: string };

/**
 * Cuts a text/event-stream into its events. `onChunk` is called for all that arrives, comments too.
 * Ends when the server closes the stream; an event that it cut short is dropped.
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  onChunk: () => void,
): AsyncGenerator<ServerEvent> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onChunk();
    const blocks = (rest + value).replaceAll("\r\n", "\n").split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const event = readEvent(block);
      if (event) yield event;
    }
  }
}

function readEvent(block: string): ServerEvent | undefined {
  const fields = block.split("\n").map((line) => /^(event|data|id)(?:: ?(.*))?$/.exec(line)?.slice(1) ?? []);
  const read = (wanted: string) => fields.filter(([name]) => name === wanted).map(([, value = ""]) => value);
  const data = read("data");
  if (data.length === 0) return undefined;
  const id = read("id").at(-1);
  return { name: read("event").at(-1) ?? "message", data: data.join("\n"), ...(id !== undefined && { id }) };
}
