import { z } from "zod";
import type { ChannelMessage } from "../../conversation/domain/message.ts";
import type { DiscordAddress } from "./discord-address.ts";
import { clean, member, nameOf, user } from "./discord-user.ts";
import { snowflake, snowflakeMs } from "./snowflake.ts";

/** Who we are on Discord. */
export type BotIdentity = {
  readonly botId: string;
  readonly applicationId: string;
  /** The roles that Discord made for this bot, one a server: mentioning one of them is mentioning the bot. */
  readonly roleIds: Pick<ReadonlySet<string>, "has">;
};

/** An event as the gateway dispatches it. */
export type GatewayEvent = { readonly t: string; readonly d: unknown };

/**
 * Reads what is meant for the assistant: direct messages; in servers what mentions the bot or replies to it. Undefined for
 * everything else.
 *
 * @throws ZodError when the event is not shaped as Discord documents it
 */
export function readMessage({ t, d }: GatewayEvent, me: BotIdentity): ChannelMessage | undefined {
  if (t === "MESSAGE_CREATE") return readWritten(written.parse(d), me);
  return undefined;
}

function readWritten(message: Written, me: BotIdentity): ChannelMessage | undefined {
  if (message.author.bot || message.author.system || message.webhook_id) return undefined;
  if (message.type !== plainMessage && message.type !== replyMessage) return undefined;
  if (message.guild_id && !isForBot(message, me)) return undefined;

  const direct = !message.guild_id && (message.channel_type ?? directChannel) === directChannel;
  const quoted = message.referenced_message;
  const address = {
    kind: "message",
    channelId: message.channel_id,
    messageId: message.id,
    ...(message.guild_id && { guildId: message.guild_id }),
  } satisfies DiscordAddress;
  return {
    channel: "discord",
    room: `${me.botId}/${message.channel_id}`,
    id: message.id,
    author: { id: message.author.id, name: nameOf(message.author, message.member) },
    text: textOf(message, me) || unreadable,
    audience: direct ? "direct" : "group",
    ...(quoted && { replyTo: { author: nameOf(quoted.author, undefined), text: textOf(quoted, me) } }),
    address,
    sentAtMs: snowflakeMs(message.id),
  };
}

/** A mention of everyone is not one of the bot. */
function isForBot(message: Written, me: BotIdentity): boolean {
  return (
    message.mentions.some((user) => user.id === me.botId) ||
    message.mention_roles.some((role) => me.roleIds.has(role)) ||
    (message.type === replyMessage && message.referenced_message?.author.id === me.botId)
  );
}

/** What was written, what was passed on and what came with it, as one text. */
function textOf(message: WithForwarded, me: BotIdentity): string {
  const forwarded = message.message_snapshots.map(({ message }) => ownText(message, me)).filter(Boolean);
  return [ownText(message, me), ...forwarded.map((text) => `[forwarded] ${text}`)].filter(Boolean).join("\n");
}

function ownText(message: Content, me: BotIdentity): string {
  return [
    clean(readable(message, me)),
    ...message.attachments.map(attachmentNote),
    ...message.sticker_items.map((sticker) => `[sent a sticker: ${clean(sticker.name)}]`),
  ]
    .filter(Boolean)
    .join("\n");
}

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

function attachmentNote({ content_type, filename, flags }: z.output<typeof attachment>): string {
  const kind = (content_type ?? "").split("/")[0] ?? "";
  if (flags !== undefined && (flags & voiceMessage) !== 0) return "[sent a voice message]";
  return `[sent ${attachmentKinds.get(kind) ?? "a file"}: ${clean(filename)}]`;
}

const attachmentKinds = new Map([
  ["image", "a picture"],
  ["video", "a video"],
  ["audio", "a sound"],
]);

const unreadable = "[sent a message without text]";
const plainMessage = 0;
const replyMessage = 19;
const directChannel = 1;
const voiceMessage = 1 << 13;

/** Discord leaves a list out where it could be empty, in references above all. */
const listOf = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);

const attachment = z.object({
  filename: z.string(),
  content_type: z.string().nullish(),
  flags: z.number().optional(),
});

const content = z.object({
  content: z.string().default(""),
  mentions: listOf(user.extend({ member: member.optional() })),
  attachments: listOf(attachment),
  sticker_items: listOf(z.object({ name: z.string() })),
});
type Content = z.output<typeof content>;
const withForwarded = content.extend({ message_snapshots: listOf(z.object({ message: content })) });
type WithForwarded = z.output<typeof withForwarded>;

const written = withForwarded.extend({
  id: snowflake,
  channel_id: snowflake,
  channel_type: z.number().optional(),
  guild_id: snowflake.optional(),
  webhook_id: snowflake.optional(),
  type: z.number(),
  author: user,
  member: member.optional(),
  mention_roles: listOf(snowflake),
  referenced_message: withForwarded.extend({ author: user }).nullish(),
});
type Written = z.output<typeof written>;
