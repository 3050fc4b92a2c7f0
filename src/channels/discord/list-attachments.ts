import { z } from "zod";
import type { Attachment, AttachmentKind } from "../../conversation/domain/message.ts";
import { clean } from "./discord-user.ts";
import type { attachment, Content } from "./message-event.ts";

/** The message in which an attachment is found again: its link is signed, and lives for about a day. */
export type Bearer = { readonly channelId: string; readonly messageId: string };

/** What `Channel.fetch` needs. Kept with the message, so it must stay readable by later versions. */
export const attachmentSource = z.object({
  channelId: z.string(),
  messageId: z.string(),
  attachmentId: z.string(),
  url: z.url({ protocol: /^https?$/ }),
});

/** What came with a message, in the person's order. Stickers and polls have nothing to fetch. */
export function listAttachments(
  { attachments, sticker_items, poll }: Pick<Content, "attachments" | "sticker_items" | "poll">,
  bearer: Bearer,
): readonly Attachment[] {
  const others = [...sticker_items.map(({ name }) => name), ...(poll ? [poll.question.text ?? ""] : [])];
  return [
    ...attachments.map((one) => describe(one, bearer)),
    ...others.map((name): Attachment => ({ kind: "other", name: clean(name), source: null })),
  ];
}

function describe(
  { id, filename, content_type, size, url, waveform }: z.output<typeof attachment>,
  { channelId, messageId }: Bearer,
): Attachment {
  const mimeType = content_type?.split(";")[0]?.trim().toLowerCase();
  return {
    kind: waveform ? "voice" : (kinds.get(mimeType?.split("/")[0] ?? "") ?? "document"),
    name: clean(filename) || id,
    ...(mimeType && { mimeType }),
    ...(size !== undefined && { bytes: size }),
    source: { channelId, messageId, attachmentId: id, url } satisfies z.input<typeof attachmentSource>,
  };
}

const kinds: ReadonlyMap<string, AttachmentKind> = new Map([
  ["image", "image"],
  ["audio", "audio"],
  ["video", "video"],
]);
