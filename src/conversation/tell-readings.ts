import type { Reading, ReadAttachment, Spoken, Unread } from "./domain/session.ts";
import { say } from "./domain/words/say.ts";

/** What the person is told about what came with their message. */
export type Readings = {
  /** What was heard, as a Markdown quote to stand above the answer; empty when nothing was. */
  readonly heard: string;
  /** What was not read, or not whole, and why; a sentence each. */
  readonly troubles: readonly string[];
};

const troublesMax = 5;
const heardCharsMax = 1_000;
const nameCharsMax = 100;

/**
 * Pure: tells what was heard and what is missing. That a sticker, a poll or a place cannot be read is only said of a message that holds
 * nothing else (`isMute`): their names tell the model what they are, and beside a question nobody waits for more.
 */
export function tellReadings(
  { attachments }: Spoken,
  missed: ReadonlyMap<ReadAttachment, Unread>,
  { isMute, language }: { readonly isMute: boolean; readonly language: string | undefined },
): Readings {
  const sentences = attachments.flatMap((attachment) => {
    const because = missed.get(attachment);
    const reading: Reading = because === undefined ? attachment.reading : { kind: "unread", because };
    const name = asCode(attachment.name);
    if (reading.kind === "document") return reading.isCut ? [say(language, "attachments.cut", { name })] : [];
    if (reading.kind !== "unread" || (attachment.kind === "other" && !isMute)) return [];
    return [say(language, `attachments.${reading.because}`, { name })];
  });
  const words = attachments.flatMap(({ reading }) => (reading.kind === "heard" ? [reading.words] : []));
  return { heard: words.map(echo).join("\n\n"), troubles: [...new Set(sentences)].slice(0, troublesMax) };
}

function echo(words: string): string {
  const cut = words.length > heardCharsMax ? `${words.slice(0, heardCharsMax).toWellFormed()}…` : words;
  return `🎤 ${cut}`.replace(/^/gm, "> ");
}

/** Names come from strangers: as code they hold no links and no formatting. */
function asCode(name: string): string {
  const line = name.replaceAll(/[\s`]+/g, " ").trim();
  return `\`${line.slice(0, nameCharsMax).toWellFormed() || "…"}\``;
}
