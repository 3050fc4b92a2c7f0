import { LRUCache } from "lru-cache";
import { parseCommand } from "../../conversation/domain/command.ts";
import type { ChannelMessage } from "../../conversation/domain/message.ts";
import type { PlaceRules, PlaceSettings } from "../../conversation/ports/place-settings.ts";
import type { ReceiverMemory } from "../../conversation/ports/receiver-memory.ts";
import type { BotIdentity } from "./bot-identity.ts";
import { findAddress } from "./discord-address.ts";
import { howMeant, type Meant } from "./how-meant.ts";
import type { KnownChannel, KnownChannels } from "./known-channels.ts";
import { isWelcome } from "./is-welcome.ts";
import { changed, plainMessage, removed, replyMessage, written, type Written } from "./message-event.ts";
import { type GatewayEvent, readMessage, type Standing } from "./read-message.ts";
import { snowflakeMs } from "./snowflake.ts";

export type Hearing = {
  readonly me: BotIdentity;
  readonly memory: Pick<ReceiverMemory, "findMessage">;
  readonly places: Pick<PlaceSettings, "find">;
  readonly channels: KnownChannels;
  /** What a person reads, as far as they have shown it. */
  readonly languageOf: (userId: string) => string | undefined;
  /** Whether the bot may read what does not mention it. */
  readonly hearsAll: () => boolean;
};

type Thread = { readonly parentId?: string };

/** Finds out what a message says to the assistant, if anything. Rejects with StoreError, or with ChannelError; when that is retryable it is to be asked again. */
type Find = () => Promise<ChannelMessage | undefined>;

/**
 * Hears what is meant for the assistant: direct messages; in servers, as far as their moderators allow, what mentions the bot or replies
 * to it, and everything in the threads that it opened, unless it is meant for others; and that such a message was changed or taken back.
 *
 * What it needs is looked up: whatever instance hears, after whatever restart, a message has the same room. A message that was kept
 * stays in its room, whatever has been decided since.
 *
 * @returns for an event, what finds it out when its turn has come; undefined when it says nothing. Throws ZodError when the event is not
 * shaped as Discord documents it
 */
export function hearMessages(hearing: Hearing): (event: GatewayEvent) => Find | undefined {
  const { me, memory, places, channels, languageOf, hearsAll } = hearing;
  /** Of what is read and may not be on disk yet. */
  const recent = new LRUCache<string, ChannelMessage>({ max: 1_000 });
  /** By channel and author, what they said last that is so long that more may follow. */
  const pastes = new LRUCache<string, ChannelMessage>({ max: 1_000 });
  /** For each channel whether it is a thread of ours: the channel in which it was opened. */
  const threads = new LRUCache<string, Thread>({ max: 20_000, fetchMethod: findThread });

  return ({ t, d }) => {
    if (t === "MESSAGE_CREATE") return hearWritten(written.parse(d));
    if (t === "MESSAGE_UPDATE") return hearChanged(d);
    if (t === "MESSAGE_DELETE") return hearRemoved(removed.parse(d));
    return undefined;
  };

  function hearWritten(message: Written): Find | undefined {
    if (!isFromPerson(message)) return undefined;
    if (message.guild_id && isForNobody(message, howMeant(message, me))) return undefined;
    return async () => {
      const read = message.guild_id
        ? await readInServer(message, message.guild_id)
        : readMessage(message, me, { language: languageOf(message.author.id) });
      if (read) recent.set(read.id, read);
      if (read?.joins?.windowMs) pastes.set(pasteKey(message), read);
      return read;
    };
  }

  async function readInServer(message: Written, guildId: string): Promise<ChannelMessage | undefined> {
    if (message.mention_roles.length > 0) await channels.find(guildId, message.channel_id); // then our own role is known
    const meant = howMeant(message, me);
    if (meant === "to-others") return undefined;
    const parentId = (await threads.fetch(message.channel_id))?.parentId;
    const begun = meant === "open" && !parentId ? findPaste(message) : undefined;
    if (meant === "open" && !parentId && !begun) return undefined;
    const [rules, channel] = await Promise.all([
      places.find({ channel: "discord", id: guildId }),
      channels.find(guildId, message.channel_id),
    ]);
    const { author, member, channel_id: channelId } = message;
    const at = { guildId, channelId, parentId, authorId: author.id, roleIds: member?.roles };
    if (rules.mode === "slash" || !(await isWelcome(rules, at, channels))) return undefined;
    const language = languageOf(message.author.id) ?? channel?.language;
    if (parentId) return readMessage(message, me, { language, parentId });
    if (begun) return goOn(begun, readMessage(message, me, { language }));
    return await readCall(message, { language }, meant === "called" && opensThread(rules, channel));
  }

  /** A command is answered where it stands: a thread for it would be empty afterwards. */
  async function readCall(message: Written, standing: Standing, mayOpen: boolean): Promise<ChannelMessage> {
    const here = readMessage(message, me, standing);
    const known = await find(message.id, message.channel_id);
    const opens = known ? known.room === roomOf(message.id) : mayOpen && !parseCommand(here.text);
    if (!opens) return here;
    threads.set(message.id, { parentId: message.channel_id });
    return readMessage(message, me, { ...standing, opensThread: hearsAll() ? "listening" : "deaf" });
  }

  /** Of a long call that follows at once does not mention the bot again. */
  function findPaste(message: Written): ChannelMessage | undefined {
    const begun = pastes.get(pasteKey(message));
    return begun?.joins && snowflakeMs(message.id) < begun.sentAtMs + begun.joins.windowMs ? begun : undefined;
  }

  /** Where it began, in its thread if it opens one; a command is no piece of it. */
  function goOn({ room, address }: ChannelMessage, piece: ChannelMessage): ChannelMessage | undefined {
    return piece.joins && { ...piece, room, address };
  }

  /** A thread that we opened has the id of the message for which it was, and that one was kept in the thread's room. */
  async function findThread(channelId: string): Promise<Thread> {
    const opener = await memory.findMessage("discord", [roomOf(channelId)], channelId);
    const address = opener && findAddress(opener.address);
    return address ? { parentId: address.channelId } : {};
  }

  function hearChanged(event: unknown): Find | undefined {
    const { edited_timestamp: editedAt } = changed.parse(event);
    if (!editedAt) return undefined;
    const message = written.parse(event);
    if (!isFromPerson(message) || isBlank(message)) return undefined;
    return async () => {
      const earlier = await findAnswerable(message.id, message.channel_id);
      if (!earlier) return undefined;
      const { joins: _, ...read } = readMessage(message, me, { language: earlier.language });
      const { room, address } = earlier;
      const about = { kind: "edited", messageId: message.id } as const;
      const editedAtMs = Date.parse(editedAt);
      return { ...read, id: `edit:${message.id}:${editedAtMs}`, room, address, about, sentAtMs: editedAtMs };
    };
  }

  function hearRemoved({ id, channel_id: channelId }: { readonly id: string; readonly channel_id: string }): Find {
    return async () => {
      const earlier = await findAnswerable(id, channelId);
      if (!earlier) return undefined;
      const { channel, room, author, audience, language, address } = earlier;
      const about = { kind: "deleted", messageId: id } as const;
      const what = { channel, room, id: `delete:${id}`, author, text: "", audience, about, address };
      return { ...what, ...(language && { language }), sentAtMs: Date.now() };
    };
  }

  /** As `find`; none whose place was forgotten with it, as an earlier version did. */
  async function findAnswerable(id: string, channelId: string): Promise<ChannelMessage | undefined> {
    const found = await find(id, channelId);
    return found && findAddress(found.address) && found;
  }

  /** A message of ours, in the thread that was opened for it or where it was written. */
  async function find(id: string, channelId: string): Promise<ChannelMessage | undefined> {
    return recent.get(id) ?? (await memory.findMessage("discord", [roomOf(id), roomOf(channelId)], id));
  }

  function roomOf(channelId: string): string {
    return `${me.botId}/${channelId}`;
  }
}

function pasteKey({ channel_id: channelId, author }: Written): string {
  return `${channelId}/${author.id}`;
}

/** Bots, webhooks and the platform's own notes would make loops. */
function isFromPerson({ author, webhook_id, type }: Written): boolean {
  return !author.bot && !author.system && !webhook_id && (type === plainMessage || type === replyMessage);
}

/** What can be told without asking anybody: which role is ours may not be known yet. */
function isForNobody(message: Written, meant: Meant): boolean {
  if (meant === "to-others") return message.mention_roles.length === 0;
  return meant !== "called" && isBlank(message);
}

/** Without the intent to read every message this is all that comes of those that do not mention the bot. */
function isBlank({ content, attachments, sticker_items, message_snapshots, poll }: Written): boolean {
  return content === "" && !poll && [attachments, sticker_items, message_snapshots].every(({ length }) => length === 0);
}

function opensThread({ mode }: PlaceRules, channel: KnownChannel | undefined): boolean {
  return mode !== "reply" && channel?.canThread === true;
}
