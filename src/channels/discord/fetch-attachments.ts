import { z } from "zod";
import { ChannelError } from "../../conversation/domain/errors.ts";
import type { Attachment } from "../../conversation/domain/message.ts";
import type { DiscordRest } from "./discord-rest.ts";
import { attachmentSource } from "./list-attachments.ts";
import { readError } from "./read-error.ts";

type FetchAttachment = (attachment: Attachment, bytesMax: number, signal: AbortSignal) => Promise<Uint8Array>;

/** Fetches by the link that came with the message; when that has run out, by the one that the message has now. */
export function fetchAttachments(rest: DiscordRest): FetchAttachment {
  return async ({ source: kept }, bytesMax, signal) => {
    const source = attachmentSource.safeParse(kept);
    if (!source.success) throw new ChannelError("There is nothing to fetch.", { retryable: false });
    const { url, channelId, messageId, attachmentId } = source.data;
    const bytes = await download(url, bytesMax, signal);
    if (bytes) return bytes;
    const message = await rest.call("GET", `/channels/${channelId}/messages/${messageId}`, { signal });
    const fresh = linkIn(message, attachmentId);
    const again = fresh && (await download(fresh, bytesMax, signal));
    if (again) return again;
    throw new ChannelError("Discord has the file no more.", { retryable: false });
  };
}

/** @returns undefined when the link leads nowhere (any more) */
async function download(url: string, bytesMax: number, signal: AbortSignal): Promise<Uint8Array | undefined> {
  try {
    const answer = await fetch(url, { signal, redirect: "error" });
    if (!answer.ok || !answer.body) {
      await answer.body?.cancel();
      if (answer.status < 500 && answer.status !== 429) return undefined;
      throw new ChannelError(`Discord's files cannot be reached (${answer.status}).`, { retryable: true });
    }
    return await readAtMost(answer.body, bytesMax);
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof ChannelError ? error : readError(error);
  }
}

async function readAtMost(body: ReadableStream<Uint8Array>, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new ChannelError(`The file has more than ${bytesMax} bytes.`, { retryable: false });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Among its own and those that were passed on with it. */
function linkIn(message: unknown, attachmentId: string): string | undefined {
  const { data } = bearing.safeParse(message);
  const all = [data, ...(data?.message_snapshots ?? []).map((snapshot) => snapshot.message)];
  return all.flatMap((one) => one?.attachments ?? []).find(({ id }) => id === attachmentId)?.url;
}

const links = z.object({ attachments: z.array(z.object({ id: z.string(), url: z.url() })).default([]) });
const bearing = links.extend({ message_snapshots: z.array(z.object({ message: links })).default([]) });
