import type { Quoted } from "../../conversation/domain/message.ts";
import type { BotIdentity } from "./bot-identity.ts";
import { clean } from "./discord-user.ts";
import { listAttachments } from "./list-attachments.ts";
import type { Content } from "./message-event.ts";
import { readableText } from "./readable-text.ts";

type Quoting = { readonly me: BotIdentity; readonly channelId: string; readonly messageId: string };

type Quotable = Content & { readonly message_snapshots?: readonly { readonly message: Content }[] };

/** A message that another one answers, passes on or asks about, with what it passed on itself. */
export function quoteMessage(quoted: Quotable, author: string, { me, ...bearer }: Quoting): Quoted {
  const said = [quoted, ...(quoted.message_snapshots ?? []).map(({ message }) => message)];
  const attachments = said.flatMap((content) => listAttachments(content, bearer));
  const text = said.map((content) => readableText(content, me) || embeddedText(content)).filter(Boolean);
  return { author, text: clean(text.join("\n\n")), ...(attachments.length > 0 && { attachments }) };
}

/** Bots that bring news say all of it there; beside words it is only what a link shows. */
function embeddedText({ embeds }: Content): string {
  return embeds
    .flatMap(({ title, description }) => [title, description])
    .filter(Boolean)
    .join("\n");
}
