import { LRUCache } from "lru-cache";
import { z } from "zod";
import { pause } from "../../conversation/domain/pause.ts";
import type { DiscordRest } from "./discord-rest.ts";
import { DiscordRefusal, readError } from "./read-error.ts";
import type { GatewayEvent } from "./read-message.ts";
import { snowflake } from "./snowflake.ts";

/** What a server's channel is, and what the bot may do in it. */
export type KnownChannel = {
  /** Whether the bot can make a thread for a message here, and write in it. */
  readonly canThread: boolean;
  /** What the server speaks, such as "pt-BR". */
  readonly language: string;
};

export type KnownChannels = {
  /** Asked of Discord where it is not known, in a bounded time. Undefined when Discord does not say. */
  find(guildId: string, channelId: string): Promise<KnownChannel | undefined>;
  /**
   * What a channel stands in, the nearest first: a thread in its channel, a channel in its category.
   *
   * @throws ChannelError retryable, when Discord does not tell for now
   */
  above(channelId: string): Promise<readonly string[]>;
  /**
   * The roles of a member, for messages that do not tell them.
   *
   * @throws ChannelError retryable, when Discord does not tell for now
   */
  rolesOf(guildId: string, userId: string): Promise<readonly string[]>;
  /** Told each event, so that what has changed is asked anew. */
  hear(event: GatewayEvent): void;
};

type Knowing = {
  readonly botId: string;
  /** Told of the role that Discord made for the bot in a server, before anything that was asked about the server is answered. */
  readonly onOwnRole: (roleId: string) => void;
  readonly report: (what: string, error: unknown) => void;
  /** After this what Discord does not tell counts as not there: others wait as well. */
  readonly patienceMs: number;
};

/**
 * What the gateway says of servers at the beginning of a session is not there after a resumed one, so it is asked for where it is
 * needed, and remembered for a while.
 */
export function knownChannels(rest: DiscordRest, { botId, onOwnRole, report, patienceMs }: Knowing): KnownChannels {
  const channels = new LRUCache<string, Channel>({ max: 10_000, ttl: knownMs, fetchMethod: orAsBefore(fetchChannel) });
  const guilds = new LRUCache<string, Guild>({ max: 1_000, ttl: knownMs, fetchMethod: orAsBefore(fetchGuild) });
  const members = new LRUCache<string, Member>({ max: 10_000, ttl: knownMs, fetchMethod: orAsBefore(fetchMemberOf) });
  /** What Discord has refused to tell. */
  const silent = new LRUCache<string, true>({ max: 10_000, ttl: silentMs });
  /** Since when Discord has not told what it was asked for again and again. */
  const unheardSinceMs = new LRUCache<string, number>({ max: 10_000, ttl: againMsMax, updateAgeOnGet: true });

  return {
    async find(guildId, channelId) {
      const [guild, channel] = await Promise.all([
        ask(guildId, () => guilds.fetch(guildId)).catch(() => undefined),
        askChannel(channelId).catch(() => undefined),
      ]);
      if (!guild || !channel) return undefined;
      const canThread = threadable.has(channel.type) && mayThread(permissionsIn(channel, guild));
      return { canThread, language: guild.preferred_locale };
    },
    async above(channelId) {
      const channel = await askChannel(channelId);
      const parentId = channel?.parent_id;
      const parent = parentId && threads.has(channel.type) ? await askChannel(parentId) : undefined;
      return [parentId, parent?.parent_id].flatMap((id) => id ?? []);
    },
    async rolesOf(guildId, userId) {
      const key = `${guildId}/${userId}`;
      return (await ask(key, () => members.fetch(key)))?.roles ?? [];
    },
    hear({ t, d }) {
      if (t.startsWith("CHANNEL_") || t.startsWith("THREAD_")) channels.delete(place.safeParse(d).data?.id ?? "");
      if (!guildEvents.has(t)) return;
      const { id, guild_id: guildId } = place.safeParse(d).data ?? {};
      guilds.delete(guildId ?? id ?? "");
    },
  };

  async function askChannel(channelId: string): Promise<Channel | undefined> {
    return await ask(channelId, () => channels.fetch(channelId));
  }

  /**
   * What waits for it are messages, and all that came after them, so Discord has little time, and not for ever. What comes later is
   * remembered all the same.
   *
   * @returns undefined when Discord refuses to tell, or has not told for long
   * @throws ChannelError retryable, when it does not tell for now
   */
  async function ask<T>(what: string, fetch: () => Promise<T | undefined>): Promise<T | undefined> {
    if (silent.has(what)) return undefined;
    try {
      const told = await inTime(fetch());
      unheardSinceMs.delete(what);
      return told;
    } catch (error) {
      const refusal = readError(error);
      report("asking Discord about a server", refusal);
      if (!refusal.retryable) silent.set(what, true);
      else if (isNews(what)) throw refusal;
      return undefined;
    }
  }

  function isNews(what: string): boolean {
    const sinceMs = unheardSinceMs.get(what);
    if (sinceMs === undefined) unheardSinceMs.set(what, performance.now());
    return sinceMs === undefined || performance.now() - sinceMs < patienceMs;
  }

  async function fetchChannel(channelId: string): Promise<Channel> {
    return channelShape.parse(await rest.call("GET", `/channels/${channelId}`));
  }

  async function fetchGuild(guildId: string): Promise<Guild> {
    const [guild, { roles }] = await Promise.all([
      rest.call("GET", `/guilds/${guildId}`).then((body) => guildShape.parse(body)),
      fetchMember(guildId, botId),
    ]);
    for (const { id, tags } of guild.roles) if (tags?.bot_id === botId) onOwnRole(id);
    return { ...guild, ownRoles: roles };
  }

  async function fetchMember(guildId: string, userId: string): Promise<Member> {
    return memberShape.parse(await rest.call("GET", `/guilds/${guildId}/members/${userId}`));
  }

  async function fetchMemberOf(key: string): Promise<Member> {
    const [guildId = "", userId = ""] = key.split("/");
    return await fetchMember(guildId, userId);
  }

  /** https://discord.com/developers/docs/topics/permissions#permission-overwrites */
  function permissionsIn({ permission_overwrites: overwrites }: Channel, { id, roles, ownRoles }: Guild): bigint {
    const own = new Set([id, ...ownRoles]);
    const granted = roles.filter((role) => own.has(role.id)).reduce((all, role) => all | role.permissions, 0n);
    if ((granted & permission.administrator) !== 0n) return ~0n;
    const layers = [
      overwrites.filter((overwrite) => overwrite.id === id),
      overwrites.filter((overwrite) => overwrite.id !== id && own.has(overwrite.id)),
      overwrites.filter((overwrite) => overwrite.id === botId),
    ];
    return layers.reduce((before, layer) => {
      const denied = layer.reduce((all, { deny }) => all | deny, 0n);
      const allowed = layer.reduce((all, { allow }) => all | allow, 0n);
      return (before & ~denied) | allowed;
    }, granted);
  }
}

/** While Discord is away, what it told last counts. */
function orAsBefore<T>(fetch: (key: string) => Promise<T>): (key: string, before: T | undefined) => Promise<T> {
  return async (key, before) => {
    try {
      return await fetch(key);
    } catch (error) {
      if (before === undefined || !readError(error).retryable) throw error;
      return before;
    }
  };
}

async function inTime<T>(asked: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = pause(answerMsMax, over.signal).then(() => {
    throw new DiscordRefusal("Discord did not answer in time.", { retryable: true });
  });
  return await Promise.race([asked, late]).finally(() => over.abort());
}

function mayThread(permissions: bigint): boolean {
  const needed = permission.viewChannel | permission.createPublicThreads | permission.sendMessagesInThreads;
  return (permissions & needed) === needed;
}

/** https://discord.com/developers/docs/topics/permissions#permissions-bitwise-permission-flags */
const permission = {
  administrator: 1n << 3n,
  viewChannel: 1n << 10n,
  createPublicThreads: 1n << 35n,
  sendMessagesInThreads: 1n << 38n,
};

/** Text channels and announcements: the others have no threads, or are some. */
const threadable: ReadonlySet<number> = new Set([0, 5]);
const threads: ReadonlySet<number> = new Set([10, 11, 12]);
/** Of members only those about the bot itself come, without the intent for all of them. */
const guildEvents: ReadonlySet<string> = new Set([
  "GUILD_UPDATE",
  "GUILD_DELETE",
  "GUILD_ROLE_CREATE",
  "GUILD_ROLE_UPDATE",
  "GUILD_ROLE_DELETE",
  "GUILD_MEMBER_UPDATE",
]);
const knownMs = 5 * 60_000;
const silentMs = 30_000;
const answerMsMax = 5_000;
/** What is asked for more seldom than that is not asked for again and again. */
const againMsMax = 60_000;

const bits = z
  .string()
  .regex(/^\d+$/)
  .transform((digits) => BigInt(digits));
const place = z.object({ id: snowflake.optional(), guild_id: snowflake.optional() });
const channelShape = z.object({
  id: snowflake,
  type: z.number(),
  parent_id: snowflake.nullish(),
  permission_overwrites: z.array(z.object({ id: snowflake, allow: bits, deny: bits })).default([]),
});
type Channel = z.output<typeof channelShape>;
const memberShape = z.object({ roles: z.array(snowflake) });
type Member = z.output<typeof memberShape>;
const guildShape = z.object({
  id: snowflake,
  preferred_locale: z.string(),
  roles: z.array(
    z.object({ id: snowflake, permissions: bits, tags: z.object({ bot_id: snowflake.optional() }).optional() }),
  ),
});
type Guild = z.output<typeof guildShape> & { readonly ownRoles: readonly string[] };
