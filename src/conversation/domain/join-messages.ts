import type { Attachment, ChannelMessage, Quoted } from "./message.ts";

/** Messages that belong together, as one: the first one's place, everyone's words, pictures and quotes in their order. */
export function joinMessages(first: ChannelMessage, others: readonly ChannelMessage[]): ChannelMessage {
  if (others.length === 0) return first;
  const all = [first, ...others];
  const attachments = all.flatMap((message): readonly Attachment[] => message.attachments ?? []);
  const forwarded = all.flatMap((message): readonly Quoted[] => message.forwarded ?? []);
  const replyTo = all.find((message) => message.replyTo)?.replyTo;
  const texts = all.map(({ text }) => text).filter(Boolean);
  return {
    ...first,
    text: texts.join(attachments.length > 0 ? "\n\n" : "\n"), // captions stand for themselves; a paste goes on
    ...(attachments.length > 0 && { attachments }),
    ...(forwarded.length > 0 && { forwarded }),
    ...(replyTo && { replyTo }),
  };
}
