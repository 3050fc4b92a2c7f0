import { parseCommand } from "../../conversation/domain/command.ts";
import type { ChannelMessage, Joins } from "../../conversation/domain/message.ts";
import type { BotIdentity } from "./bot-identity.ts";
import type { DiscordAddress } from "./discord-address.ts";
import { clean, nameOf } from "./discord-user.ts";
import { listAttachments } from "./list-attachments.ts";
import type { Written } from "./message-event.ts";
import { quoteMessage } from "./quote-message.ts";
import { readableText } from "./readable-text.ts";
import { snowflakeMs } from "./snowflake.ts";

/** An event as the gateway dispatches it. */
export type GatewayEvent = { readonly t: string; readonly d: unknown };

/** What the message itself does not tell. */
export type Standing = {
  readonly language?: string | undefined;
  /** As in its address. */
  readonly opensThread?: "listening" | "deaf" | undefined;
  /** It stands in a thread that we opened in this channel. */
  readonly parentId?: string | undefined;
};

/** Reads a message that is for us. The thread that is made for a message has the message's id: so its room is known before it is there. */
export function readMessage(message: Written, me: BotIdentity, standing: Standing): ChannelMessage {
  const { id, channel_id: channelId, guild_id: guildId, author, referenced_message: answered } = message;
  const { language, opensThread, parentId } = standing;
  const direct = !guildId && (message.channel_type ?? directChannel) === directChannel;
  const text = clean(readableText(message, me));
  const attachments = listAttachments(message, { channelId, messageId: id });
  const forwarded = message.message_snapshots.map(({ message: copy }) =>
    quoteMessage(copy, "someone", { me, channelId, messageId: id }),
  );
  const replyTo =
    answered &&
    quoteMessage(answered, nameOf(answered.author, undefined), {
      me,
      channelId: answered.channel_id,
      messageId: answered.id,
    });
  const says = text || (attachments.length > 0 || forwarded.length > 0 || replyTo ? "" : unreadable);
  const joins = opensThread === "deaf" ? undefined : joinsOf(author.id, text);
  const address = {
    kind: "message",
    channelId,
    messageId: id,
    ...(guildId && { guildId }),
    ...(opensThread && { opensThread }),
    ...(parentId && { parentId }),
  } satisfies DiscordAddress;
  return {
    channel: "discord",
    room: `${me.botId}/${opensThread ? id : channelId}`,
    id,
    author: { id: author.id, name: nameOf(author, message.member) },
    text: says,
    audience: direct ? "direct" : "group",
    ...(replyTo && { replyTo }),
    ...(forwarded.length > 0 && { forwarded }),
    ...(attachments.length > 0 && { attachments }),
    ...(language && { language }),
    ...(joins && { joins }),
    address,
    sentAtMs: snowflakeMs(id),
  };
}

/** Nobody can write more than 2,000 characters at once: who comes near has more to say, and it follows at once. */
function joinsOf(authorId: string, text: string): Joins | undefined {
  if (text === "" || parseCommand(text)) return undefined;
  return { key: `paste:${authorId}`, windowMs: Array.from(text).length >= pastedCharsMin ? pasteMs : 0 };
}

const pastedCharsMin = 1_900;
const pasteMs = 1_500;

/** What a model reads where nothing at all was said. */
const unreadable = "[sent a message without text]";
const directChannel = 1;
