import type { Quoted } from "../../conversation/domain/message.ts";
import type { BotIdentity } from "./bot-identity.ts";
import { clean } from "./discord-user.ts";
import { listAttachments } from "./list-attachments.ts";
import type { Content } from "./message-event.ts";
import { readableText } from "./readable-text.ts";

type Quoting = { readonly me: BotIdentity; readonly channelId: string; readonly messageId: string };

/** A message that another one answers, passes on or asks about. */
export function quoteMessage(content: Content, author: string, { me, ...bearer }: Quoting): Quoted {
  const attachments = listAttachments(content, bearer);
  return { author, text: clean(readableText(content, me)), ...(attachments.length > 0 && { attachments }) };
}
