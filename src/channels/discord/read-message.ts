import { parseCommand } from "../../conversation/domain/command.ts";
import type { ChannelMessage, Joins, Quoted } from "../../conversation/domain/message.ts";
import type { DiscordAddress } from "./discord-address.ts";
import { clean, nameOf } from "./discord-user.ts";
import { listAttachments } from "./list-attachments.ts";
import type { Content, Written } from "./message-event.ts";
import { snowflakeMs } from "./snowflake.ts";

/** Who we are on Discord. */
export type BotIdentity = {
  readonly botId: string;
  readonly applicationId: string;
  /** The roles that Discord made for this bot, one a server: mentioning one of them is mentioning the bot. */
  readonly roleIds: Pick<ReadonlySet<string>, "has">;
};

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
  const text = clean(readable(message, me));
  const attachments = listAttachments(message, { channelId, messageId: id });
  const forwarded = message.message_snapshots.map(({ message: copy }) =>
    quote(copy, "someone", { me, channelId, messageId: id }),
  );
  const replyTo =
    answered &&
    quote(answered, nameOf(answered.author, undefined), {
      me,
      channelId: answered.channel_id,
      messageId: answered.id,
    });
  const says = text || (attachments.length > 0 || forwarded.length > 0 || replyTo ? "" : unreadable);
  const joins = opensThread ? undefined : joinsOf(author.id, text);
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

type Quoting = { readonly me: BotIdentity; readonly channelId: string; readonly messageId: string };

function quote(content: Content, author: string, { me, ...bearer }: Quoting): Quoted {
  const attachments = listAttachments(content, bearer);
  return { author, text: clean(readable(content, me)), ...(attachments.length > 0 && { attachments }) };
}

/** Nobody can write more than 2,000 characters at once: who comes near has more to say, and it follows at once. */
function joinsOf(authorId: string, text: string): Joins | undefined {
  if (text === "" || parseCommand(text)) return undefined;
  return { key: `paste:${authorId}`, windowMs: Array.from(text).length >= pastedCharsMin ? pasteMs : 0 };
}

const pastedCharsMin = 1_900;
const pasteMs = 1_500;

/** Discord's markup as a person sees it, without the mention that called the bot. */
function readable({ content, mentions }: Content, me: BotIdentity): string {
  const names = new Map(mentions.map((user) => [user.id, nameOf(user, user.member)]));
  return content
    .replaceAll(/\s?<@!?(\d+)>/g, (mention, id: string) => (id === me.botId ? "" : mention))
    .replaceAll(/\s?<@&(\d+)>/g, (mention, id: string) => (me.roleIds.has(id) ? "" : mention))
    .replace(/^[\s,:]+(?=\S)/, (lead) => (content.startsWith("<@") ? "" : lead))
    .replaceAll(/<@!?(\d+)>/g, (_, id: string) => `@${names.get(id) ?? "someone"}`)
    .replaceAll(/<@&\d+>/g, "@role")
    .replaceAll(/<#\d+>/g, "#channel")
    .replaceAll(/<a?(:\w+:)\d+>/g, "$1")
    .replaceAll(/<(\/[^:>]+):\d+>/g, "$1")
    .replaceAll(/<t:(-?\d{1,12})(?::[a-zA-Z])?>/g, (_, seconds: string) => instant(Number(seconds)));
}

function instant(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace(/:00\.000Z$/, "Z");
}

/** What a model reads where nothing at all was said. */
const unreadable = "[sent a message without text]";
const directChannel = 1;
