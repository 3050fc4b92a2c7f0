import { LRUCache } from "lru-cache";
import { z } from "zod";
import { pause } from "../../conversation/domain/pause.ts";
import type { DiscordRest } from "./discord-rest.ts";
import { readError } from "./read-error.ts";
import type { GatewayEvent } from "./read-message.ts";
import { snowflake } from "./snowflake.ts";

/** What a server's channel is, and what the bot may do in it. */
export type KnownChannel = {
  /** The channel that a thread belongs to, else the category of a channel. */
  readonly parentId?: string;
  /** Whether the bot can make a thread for a message here, and write in it. */
  readonly canThread: boolean;
  /** What the server speaks, such as "pt-BR". */
  readonly language: string;
};

export type KnownChannels = {
  /** Asked of Discord where it is not known, in a bounded time. Undefined when Discord does not say. */
  find(guildId: string, channelId: string): Promise<KnownChannel | undefined>;
  /** The roles of a member, for messages that do not tell them. */
  rolesOf(guildId: string, userId: string): Promise<readonly string[]>;
  /** Told each event, so that what has changed is asked anew. */
  hear(event: GatewayEvent): void;
};

type Knowing = {
  readonly botId: string;
  /** Told of the role that Discord made for the bot in a server, before anything that was asked about the server is answered. */
  readonly onOwnRole: (roleId: string) => void;
  readonly report: (what: string, error: unknown) => void;
};

/**
 * What the gateway says of servers at the beginning of a session is not there after a resumed one, so it is asked for where it is
 * needed, and remembered for a while.
 */
export function knownChannels(rest: DiscordRest, { botId, onOwnRole, report }: Knowing): KnownChannels {
  const known = { ttl: knownMs, allowStaleOnFetchRejection: true };
  const channels = new LRUCache<string, Channel>({ max: 10_000, ...known, fetchMethod: fetchChannel });
  const guilds = new LRUCache<string, Guild>({ max: 1_000, ...known, fetchMethod: fetchGuild });
  /** What Discord has refused to tell. */
  const silent = new LRUCache<string, true>({ max: 10_000, ttl: silentMs });

  return {
    async find(guildId, channelId) {
      const [guild, channel] = await Promise.all([
        ask(guildId, () => guilds.fetch(guildId)),
        ask(channelId, () => channels.fetch(channelId)),
      ]);
      if (!guild || !channel) return undefined;
      const parentId = channel.parent_id ?? undefined;
      const canThread = threadable.has(channel.type) && mayThread(permissionsIn(channel, guild));
      return { ...(parentId && { parentId }), canThread, language: guild.preferred_locale };
    },
    async rolesOf(guildId, userId) {
      const member = await ask(`${guildId}/${userId}`, () => fetchMember(guildId, userId));
      return member?.roles ?? [];
    },
    hear({ t, d }) {
      if (t.startsWith("CHANNEL_") || t.startsWith("THREAD_")) channels.delete(place.safeParse(d).data?.id ?? "");
      if (!guildEvents.has(t)) return;
      const { id, guild_id: guildId } = place.safeParse(d).data ?? {};
      guilds.delete(guildId ?? id ?? "");
    },
  };

  /** What waits for it are messages, so Discord has little time. What comes later is remembered all the same. */
  async function ask<T>(what: string, fetch: () => Promise<T | undefined>): Promise<T | undefined> {
    if (silent.has(what)) return undefined;
    const over = new AbortController();
    const asked = fetch().catch((error: unknown) => {
      report("asking Discord about a server", error);
      if (!readError(error).retryable) silent.set(what, true);
      return undefined;
    });
    return await Promise.race([asked, pause(answerMsMax, over.signal).then(() => undefined)]).finally(() =>
      over.abort(),
    );
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

  async function fetchMember(guildId: string, userId: string): Promise<z.output<typeof memberShape>> {
    return memberShape.parse(await rest.call("GET", `/guilds/${guildId}/members/${userId}`));
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
const guildShape = z.object({
  id: snowflake,
  preferred_locale: z.string(),
  roles: z.array(
    z.object({ id: snowflake, permissions: bits, tags: z.object({ bot_id: snowflake.optional() }).optional() }),
  ),
});
type Guild = z.output<typeof guildShape> & { readonly ownRoles: readonly string[] };
