import type { Attachment, Quoted } from "../../conversation/domain/message.ts";
import { authorOf, fullName } from "./author-of.ts";
import { readAttachment } from "./read-attachment.ts";
import type { TelegramContent, TelegramMessage, TelegramOrigin } from "./update.ts";

/** The part that was quoted, else the whole message that is answered. A topic's first message is no answer to its creation. */
export function readQuoted(message: TelegramMessage): Quoted | undefined {
  const { reply_to_message: reply, quote, external_reply: external } = message;
  if (external) return quoted(nameOf(external.origin), quote?.text ?? "", readAttachment(external));
  if (!reply || reply.forum_topic_created !== undefined) return undefined;
  return quoted(authorOf(reply).name, quote?.text || writingOf(reply).text, readAttachment(reply));
}

/** What a message passes on, if it does; a person's own words about it come in another one. */
export function readForwarded(message: TelegramMessage, attachment: Attachment | undefined): Quoted | undefined {
  return message.forward_origin && quoted(nameOf(message.forward_origin), writingOf(message).text, attachment);
}

function quoted(author: string, text: string, attachment: Attachment | undefined): Quoted | undefined {
  if (text === "" && !attachment) return undefined;
  return { author, text, ...(attachment && { attachments: [attachment] }) };
}

/** What is written, as a text or under a picture. */
export function writingOf({ text, entities, caption, caption_entities }: TelegramContent) {
  return text === undefined
    ? { text: caption ?? "", entities: caption_entities ?? [] }
    : { text, entities: entities ?? [] };
}

/** The one who wrote, or of a forwarded message the one who did at first. */
function nameOf({ sender_user, sender_user_name, sender_chat, chat }: TelegramOrigin): string {
  return sender_user ? fullName(sender_user) : (sender_user_name ?? (sender_chat ?? chat)?.title ?? "Someone");
}
