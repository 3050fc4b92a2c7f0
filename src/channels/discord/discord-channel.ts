import { SimpleIdentifyThrottler } from "@discordjs/ws";
import { type APIGatewayBotInfo, GatewayIntentBits } from "discord-api-types/v10";
import { LRUCache } from "lru-cache";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import type { CommandWord } from "../../conversation/domain/command.ts";
import { ChannelError } from "../../conversation/domain/errors.ts";
import type { ChannelMessage } from "../../conversation/domain/message.ts";
import type { Accept, Channel, ChannelHealth } from "../../conversation/ports/channel.ts";
import type { Secret } from "../../secret.ts";
import { deferInteractions } from "./defer-interactions.ts";
import { discordRest } from "./discord-rest.ts";
import type { GatewaySessions } from "./gateway-sessions.ts";
import { keepInOrder } from "./keep-in-order.ts";
import { readMessage, type BotIdentity, type GatewayEvent } from "./read-message.ts";
import { DiscordRefusal, readError } from "./read-error.ts";
import { receiveEvents, type Reception } from "./receive-events.ts";
import { registerCommands } from "./register-commands.ts";
import { showReplies } from "./show-reply.ts";

type DiscordOptions = {
  readonly token: Secret;
  /** Without the version: "https://discord.com/api". */
  readonly apiBase: string;
  /** What the platform's menu of slash commands offers. */
  readonly commands: readonly CommandWord[];
  /** Told what went wrong and is tried again, or done without. */
  readonly report: (what: string, error: unknown) => void;
};

/** Discord: direct messages, mentions, replies to the bot and slash commands. `show` works without `listen`, on any instance. */
export function discordChannel({ token, apiBase, commands, report }: DiscordOptions): Channel {
  const rest = discordRest({ token, apiBase });
  const interactions = deferInteractions(rest, report);
  const sessions: GatewaySessions = new Map();
  const ownRoles = new LRUCache<string, true>({ max: 10_000 });
  const troubles = new Map<number, string>();
  let health: ChannelHealth = { state: "connecting", reason: "not started yet" };

  return {
    name: "discord",
    refuses: "in-room",
    receivesAlone: true,
    editIntervalMs: () => editIntervalMs,
    show: showReplies(rest, interactions.deferred),
    health: () => health,
    async listen(accept, signal) {
      try {
        await listen(accept, signal);
        health = { state: "connecting", reason: "stopped" };
      } catch (error) {
        if (signal.aborted) return;
        health = { state: "failed", reason: error instanceof Error ? error.message : String(error) };
        throw error;
      }
    },
  };

  async function listen(accept: Accept, signal: AbortSignal): Promise<void> {
    const me = { ...(await untilReached(whoAmI, signal)), roleIds: ownRoles };
    registerCommands(me.applicationId, commands, rest).catch((error: unknown) =>
      report("registering Discord's slash commands", error),
    );

    const keeper = keepInOrder(accept, report, signal);
    let throttler: SimpleIdentifyThrottler | undefined;
    let intents = allIntents;
    while (!signal.aborted) {
      const gateway = await untilReached(findGateway, signal);
      throttler ??= new SimpleIdentifyThrottler(gateway.session_start_limit.max_concurrency);
      const take = (event: GatewayEvent, settled: () => void) => {
        learnRoles(event, me.botId);
        const message = read(event, me);
        const taken = keeper.take({ message, settled, received: (receipt) => interactions.received(message, receipt) });
        if (taken && message) interactions.defer(message);
        return taken;
      };
      const code = await receiveShards(
        { token, gateway, intents, sessions, throttler, take, room: keeper.room, onTrouble },
        signal,
      );
      if (code === undefined) break;
      intents = intentsAfter(code, intents);
      // More servers than the shards may hold: the gateway is asked again how many it wants, but not at once.
      if (code === shardingRequired) await pause(pauseMsMax, undefined, { signal });
    }
    await keeper.rest();
  }

  /** @returns the close code of the first shard for which reconnecting is of no use */
  async function receiveShards(reception: Reception, signal: AbortSignal): Promise<number | undefined> {
    const { shards } = reception.gateway;
    const ending = new AbortController();
    const either = AbortSignal.any([signal, ending.signal]);
    for (let id = 0; id < shards; id++) onTrouble(id, "not connected yet");
    const receiving = Array.from({ length: shards }, (_, id) => receiveEvents(id, reception, either));
    const code = await Promise.race(receiving);
    ending.abort();
    await Promise.all(receiving);
    troubles.clear();
    return code;
  }

  function onTrouble(shardId: number, reason: string | undefined): void {
    if (reason === undefined) troubles.delete(shardId);
    else troubles.set(shardId, reason);
    const [first] = troubles;
    health = first ? { state: "connecting", reason: `shard ${first[0]}: ${first[1]}` } : { state: "connected" };
  }

  /** What cannot be read is not for us, and must not hold up what comes after it. */
  function read(event: GatewayEvent, me: BotIdentity): ChannelMessage | undefined {
    try {
      return readMessage(event, me);
    } catch (error) {
      report(`reading a ${event.t} event of Discord`, error);
      return undefined;
    }
  }

  function learnRoles({ t, d }: GatewayEvent, botId: string): void {
    if (t !== "GUILD_CREATE" && t !== "GUILD_ROLE_CREATE") return;
    const { data } = guildRoles.safeParse(d);
    for (const role of [...(data?.roles ?? []), ...(data?.role ? [data.role] : [])])
      if (role.tags?.bot_id === botId) ownRoles.set(role.id, true);
  }

  async function whoAmI(): Promise<Pick<BotIdentity, "botId" | "applicationId">> {
    const [user, application] = await Promise.all([
      rest.call("GET", "/users/@me"),
      rest.call("GET", "/applications/@me"),
    ]);
    return { botId: withId.parse(user).id, applicationId: withId.parse(application).id };
  }

  async function findGateway(): Promise<APIGatewayBotInfo> {
    const gateway = gatewayInfo.parse(await rest.call("GET", "/gateway/bot"));
    const { remaining, reset_after: resetAfterMs } = gateway.session_start_limit;
    if (remaining >= gateway.shards - sessions.size) return gateway;
    throw new DiscordRefusal("The bot has connected too often today; one more could make Discord reset its token.", {
      retryable: true,
      retryAfterMs: resetAfterMs,
    });
  }

  /** With growing pauses, until it answers. */
  async function untilReached<T>(step: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let failures = 0; ; failures++) {
      signal.throwIfAborted();
      try {
        return await step();
      } catch (error) {
        const refusal = readError(error);
        if (!refusal.retryable) throw refusal;
        report("connecting to Discord", refusal);
        health = { state: "connecting", reason: refusal.message };
        const waitMs = Math.max(refusal.retryAfterMs, Math.min(pauseMs * 2 ** failures, pauseMsMax));
        await pause(waitMs, undefined, { signal });
      }
    }
  }

  /** @throws ChannelError when the close code says that no connection will ever hold */
  function intentsAfter(code: number, intents: number): number {
    if (code === shardingRequired) return intents;
    if (code !== disallowedIntents || (intents & GatewayIntentBits.MessageContent) === 0)
      throw new ChannelError(fatalWords.get(code) ?? `Discord closed the connection for good (${code}).`, {
        retryable: false,
      });
    report(
      "reading every message on Discord",
      new ChannelError(
        "The bot may not read messages that do not mention it, such as replies without a ping. It goes on without them: direct messages, mentions and slash commands work. To change that, turn on Message Content Intent in the developer portal (Bot, Privileged Gateway Intents) and start again.",
        { retryable: false },
      ),
    );
    return intents & ~GatewayIntentBits.MessageContent;
  }
}

const allIntents =
  GatewayIntentBits.Guilds |
  GatewayIntentBits.GuildMessages |
  GatewayIntentBits.DirectMessages |
  GatewayIntentBits.MessageContent;

const shardingRequired = 4011;
const disallowedIntents = 4014;
const fatalWords: ReadonlyMap<number, string> = new Map([
  [
    4004,
    "Discord refuses the bot's token. Reset it in the developer portal (Bot, Reset Token), set DISCORD_TOKEN to the new one and start again.",
  ],
  [4012, "Discord no longer speaks this version of its gateway. Update Parley."],
  [4013, "Discord does not know the intents that were asked for. Update Parley."],
  [4014, "Discord denies the bot direct messages or servers. Check its intents in the developer portal."],
]);

/** Discord takes five edits in five seconds of one channel. */
const editIntervalMs = 1_200;
const pauseMs = 1_000;
const pauseMsMax = 60_000;

const withId = z.object({ id: z.string() });
const role = z.object({ id: z.string(), tags: z.object({ bot_id: z.string().optional() }).optional() });
const guildRoles = z.object({ roles: z.array(role).optional(), role: role.optional() });
const gatewayInfo = z.object({
  url: z.url({ protocol: /^wss?$/ }),
  shards: z.int().min(1),
  session_start_limit: z.object({
    total: z.number(),
    remaining: z.number(),
    reset_after: z.number(),
    max_concurrency: z.int().min(1),
  }),
});
