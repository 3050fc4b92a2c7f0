import { type APIGatewayBotInfo, ApplicationFlags, GatewayIntentBits } from "discord-api-types/v10";
import { LRUCache } from "lru-cache";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import type { ModeratorWord, TranslatedCommandWord } from "../../conversation/domain/command.ts";
import { ChannelError, GatewayError } from "../../conversation/domain/errors.ts";
import { say } from "../../conversation/domain/words/say.ts";
import type { Accept, Channel, ChannelHealth } from "../../conversation/ports/channel.ts";
import type { PlaceSettings } from "../../conversation/ports/place-settings.ts";
import type { Receiver, ReceiverMemory } from "../../conversation/ports/receiver-memory.ts";
import type { Secret } from "../../secret.ts";
import type { Pauses } from "../share-pauses.ts";
import { answerAtOnce, type CompleteModel } from "./answer-at-once.ts";
import { askedMessages } from "./asked-messages.ts";
import type { BotIdentity } from "./bot-identity.ts";
import { catchUpRooms } from "./catch-up.ts";
import { deferInteractions } from "./defer-interactions.ts";
import { asideOf, readAddress, tokenLives } from "./discord-address.ts";
import { discordRest } from "./discord-rest.ts";
import { type DiscordTimings, discordTimings } from "./discord-timings.ts";
import { explainPlace } from "./explain-place.ts";
import { openSession } from "./gateway-session.ts";
import { identifyGate } from "./identify-gate.ts";
import { type Arrived, keepInOrder } from "./keep-in-order.ts";
import { fetchAttachments } from "./fetch-attachments.ts";
import { hearMessages } from "./hear-messages.ts";
import { isWelcome } from "./is-welcome.ts";
import { type KnownChannels, knownChannels } from "./known-channels.ts";
import { markMessages } from "./mark-messages.ts";
import { removedTogether } from "./message-event.ts";
import { type Asked, readInteraction } from "./read-interaction.ts";
import type { GatewayEvent } from "./read-message.ts";
import { readError } from "./read-error.ts";
import { receiveEvents, type Reception } from "./receive-events.ts";
import { registerCommands } from "./register-commands.ts";
import { showInThreads } from "./show-in-threads.ts";
import { showReplies } from "./show-reply.ts";
import { writeCommands } from "./write-commands.ts";

export type DiscordOptions = {
  readonly token: Secret;
  /** Without the version: "https://discord.com/api". */
  readonly apiBase: string;
  /** What the platform's menu of slash commands offers. */
  readonly commands: readonly TranslatedCommandWord[];
  /** What moderators of a server find there beyond that. */
  readonly moderatorWord: ModeratorWord;
  /** What a slash command offers while the name of a model is typed. */
  readonly completeModel: CompleteModel;
  /** Where sessions are remembered, for restarts and for other instances. */
  readonly memory: ReceiverMemory;
  /** What the moderators of servers have decided; a place's id is the server's. */
  readonly places: PlaceSettings;
  /** What Discord wants left alone, as all instances know it. */
  readonly pauses: Pauses;
  /** Whether rooms are read to find parts whose sending broke off unheard long ago. True unless told otherwise. */
  readonly settle?: boolean;
  /** Told of each part that is sent although it may stand there already. */
  readonly onUnsettled?: (facts: { readonly room: string }) => void;
  /** Told what went wrong and is tried again, or done without. */
  readonly report: (what: string, error: unknown) => void;
};

/**
 * Discord: direct messages, mentions, replies to the bot and slash commands. Each shard is a receiver of its own, under its own
 * lease; a session is resumed over restarts and hand-overs, and after a lost one the known rooms are read. `show` works without
 * `listen`, on any instance.
 */
export function discordChannel(options: DiscordOptions, timings: DiscordTimings = discordTimings): Channel {
  const { token, apiBase, pauses, commands, memory, places, settle = true, onUnsettled = () => {}, report } = options;
  const rest = discordRest({ token, apiBase, pauses }, timings);
  const interactions = deferInteractions(rest, report);
  const answer = answerAtOnce(rest, options.completeModel, report);
  const askedAbout = askedMessages(rest);
  const ownRoles = new LRUCache<string, true>({ max: 10_000 });
  /** What people read, as their interactions have shown. */
  const languages = new LRUCache<string, string>({ max: 10_000 });
  const show = showReplies(rest, { deferred: interactions.deferred, settle, onUnsettled, nonceMs: timings.nonceMs });
  /** The shards that we have, and what is wrong with them. */
  const shards = new Map<number, string | undefined>();
  /** As Discord described it last, with the most shards that it ever wanted. */
  let gateway: APIGatewayBotInfo | undefined;
  /** Aborts when Discord wants more shards: all begin anew. */
  let resharding = new AbortController();
  let unwell: ChannelHealth = { state: "connecting", reason: "not started yet" };

  return {
    name: "discord",
    refuses: "in-room",
    receivesAlone: true,
    handsOver: true,
    editIntervalMs: () => editIntervalMs,
    opensRoom: ({ message, ageMs }) => {
      const address = readAddress(message.address);
      return tokenLives(address, ageMs) || asideOf(address) !== undefined;
    },
    show: showInThreads(rest, show),
    mark: markMessages(rest),
    explain: explainPlace(places, mayHearAll),
    fetch: fetchAttachments(rest),
    health,
    async receivers(signal) {
      const { shards: count } = await findGateway(signal);
      return Array.from({ length: count }, (_, id) => `discord/${id}`);
    },
    async listen(accept, signal, receiver) {
      if (!receiver) throw new Error("Discord listens for one of its receivers");
      const shardId = Number(receiver.name.split("/")[1]);
      shards.set(shardId, "not connected yet");
      try {
        await listen(accept, signal, receiver);
        unwell = { state: "connecting", reason: "stopped" };
      } catch (error) {
        if (signal.aborted) return;
        const state = error instanceof GatewayError && !error.retryable ? "failed" : "connecting";
        unwell = { state, reason: error instanceof Error ? error.message : String(error) };
        throw error;
      } finally {
        shards.delete(shardId);
      }
    },
  };

  function health(): ChannelHealth {
    if (shards.size === 0) return unwell;
    for (const [id, trouble] of shards) if (trouble) return { state: "connecting", reason: `shard ${id}: ${trouble}` };
    return { state: "connected" };
  }

  function tellAll(reason: string): void {
    unwell = { state: "connecting", reason };
    for (const [id, trouble] of shards) if (trouble) shards.set(id, reason);
  }

  async function listen(accept: Accept, signal: AbortSignal, receiver: Receiver): Promise<void> {
    const shardId = Number(receiver.name.split("/")[1]);
    const me: BotIdentity = { ...(await untilReached(() => whoAmI(signal), signal)), roleIds: ownRoles };
    if (shardId === 0)
      registerCommands(me.applicationId, writeCommands(commands, options.moderatorWord), rest).catch((error: unknown) =>
        report("registering Discord's slash commands", error),
      );
    const { leaving = new AbortController().signal } = receiver;
    const lost = new AbortController();
    const onLost = () => !leaving.aborted && lost.abort(); // when it is handed over, that is what we wait for
    const session = await openSession({ memory, receiver, botId: me.botId, report, onLost });
    leaving.addEventListener("abort", session.share, { once: true });
    const ours = AbortSignal.any([signal, lost.signal]);
    try {
      await receiveShard(shardId, { accept, session, me, leaving }, ours);
    } catch (error) {
      if (!ours.aborted) throw error;
    } finally {
      await session.save();
    }
  }

  async function receiveShard(
    shardId: number,
    { accept, session, me, leaving }: Pick<Reception, "session" | "leaving"> & { accept: Accept; me: BotIdentity },
    signal: AbortSignal,
  ): Promise<void> {
    const keeper = keepInOrder(accept, report, signal);
    let intents = allIntents;
    const onOwnRole = (roleId: string) => void ownRoles.set(roleId, true);
    const channels = knownChannels(rest, { botId: me.botId, onOwnRole, report, patienceMs: timings.patienceMs });
    const languageOf = (userId: string) => languages.get(userId);
    const hearsAll = () => (intents & GatewayIntentBits.MessageContent) !== 0;
    const hear = hearMessages({ me, memory, places, channels, languageOf, hearsAll });
    const arrive = (event: GatewayEvent, settled: () => void): Arrived => {
      const read = reading(event, { me, hear, channels });
      const channelId = read && channelOf(event);
      return { read: async () => undefined, ...read, ...(channelId && { channelId }), settled };
    };
    const missed = catchUpRooms(
      {
        rest,
        keeper,
        report,
        newest: (max) => memory.newestMessages("discord", `${me.botId}/`, max),
        isOurs: (guildId) => shardOf(guildId, gateway?.shards ?? 1) === shardId,
        arrive: (d) => arrive({ t: "MESSAGE_CREATE", d }, () => {}),
        onDone: session.closeGap,
        pauseMs: timings.historyEveryMs,
      },
      signal,
    );
    const gate = identifyGate({ botId: me.botId, memory, timings, findGateway, report });
    const take = (event: GatewayEvent, settled: () => void) => {
      channels.hear(event);
      const single = singly(event);
      return single.every((one, index) => takeOne(arrive(one, index === single.length - 1 ? settled : () => {})));
    };
    const takeOne = (arrived: Arrived) => {
      const place = missed.hold(arrived);
      const isTaken = place === "held" || (place === "free" && keeper.take(arrived));
      if (isTaken) arrived.taken?.();
      return isTaken;
    };
    const room = async () => {
      await missed.room();
      await keeper.room();
    };
    const onTrouble = (reason: string | undefined) => void shards.set(shardId, reason);

    if (session.hasGap) missed.begin();
    gateway ??= await findGateway(signal);
    while (!signal.aborted && !leaving.aborted) {
      const { sharedMs } = timings;
      const reception = {
        token,
        gateway,
        intents,
        session,
        leaving,
        sharedMs,
        gate,
        take,
        room,
        onTrouble,
        onGap: missed.begin,
      };
      const code = await receiveEvents(shardId, reception, AbortSignal.any([signal, resharding.signal]));
      if (code === shardingRequired || code === invalidShard) await findMoreShards(signal);
      else if (code !== undefined) intents = intentsAfter(code, intents);
    }
    await keeper.rest();
  }

  /** More servers than the shards may hold: the gateway is asked again how many it wants, but not in a loop. */
  async function findMoreShards(signal: AbortSignal): Promise<void> {
    const before = gateway?.shards;
    await findGateway(signal);
    if (gateway?.shards === before) await pause(pauseMsMax, undefined, { signal });
  }

  async function findGateway(signal: AbortSignal): Promise<APIGatewayBotInfo> {
    const found = await untilReached(
      async () => gatewayInfo.parse(await rest.call("GET", "/gateway/bot", { signal })),
      signal,
    );
    const grows = gateway !== undefined && found.shards > gateway.shards;
    gateway = { ...found, shards: Math.max(found.shards, gateway?.shards ?? 0) };
    if (grows) {
      resharding.abort();
      resharding = new AbortController();
    }
    return gateway;
  }

  /** What cannot be read is not for us, and must not hold up what comes after it. */
  function reading(event: GatewayEvent, { me, hear, channels }: Reading): Omit<Arrived, "settled"> | undefined {
    try {
      if (event.t === "INTERACTION_CREATE") return readingInteraction(readInteraction(event.d, me), me, channels);
      const read = hear(event);
      return read && { read };
    } catch (error) {
      report(`reading a ${event.t} event of Discord`, error);
      return undefined;
    }
  }

  function readingInteraction(
    asked: Asked | undefined,
    me: BotIdentity,
    channels: KnownChannels,
  ): Omit<Arrived, "settled"> | undefined {
    if (asked?.kind === "ask-about") askedAbout.remember(asked.target, me);
    if (asked?.kind !== "message") return asked && { read: async () => undefined, taken: () => void answer(asked) };
    const { message, aboutId, where } = asked;
    if (message.language) languages.set(message.author.id, message.language);
    return {
      async read() {
        if (
          where &&
          !(await isWelcome(await places.find({ channel: "discord", id: where.guildId }), where, channels))
        ) {
          interactions.refuse(message, say(message.language, "settings.unwelcome"));
          return undefined;
        }
        if (aboutId === undefined) return message;
        return { ...message, replyTo: await askedAbout.find(readAddress(message.address).channelId, aboutId, me) };
      },
      taken: () => interactions.defer(message),
      received: (receipt) => interactions.received(message, receipt),
    };
  }

  /** As the developer portal has it: another instance may be the one that listens. */
  async function mayHearAll(): Promise<boolean> {
    const { flags } = withFlags.parse(await rest.call("GET", "/applications/@me"));
    return (flags & (ApplicationFlags.GatewayMessageContent | ApplicationFlags.GatewayMessageContentLimited)) !== 0;
  }

  async function whoAmI(signal: AbortSignal): Promise<Pick<BotIdentity, "botId" | "applicationId">> {
    const [user, application] = await Promise.all([
      rest.call("GET", "/users/@me", { signal }),
      rest.call("GET", "/applications/@me", { signal }),
    ]);
    return { botId: withId.parse(user).id, applicationId: withId.parse(application).id };
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
        tellAll(refusal.message);
        const waitMs = Math.max(refusal.retryAfterMs, Math.min(pauseMs * 2 ** failures, pauseMsMax));
        await pause(waitMs, undefined, { signal });
      }
    }
  }

  /** @throws ChannelError when the close code says that no connection will ever hold */
  function intentsAfter(code: number, intents: number): number {
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

type Reading = {
  readonly me: BotIdentity;
  readonly hear: ReturnType<typeof hearMessages>;
  readonly channels: KnownChannels;
};

/** Messages that were removed together, as if one by one. */
function singly(event: GatewayEvent): readonly GatewayEvent[] {
  const together = event.t === "MESSAGE_DELETE_BULK" ? removedTogether.safeParse(event.d).data : undefined;
  const single = together?.ids.map((id) => ({ t: "MESSAGE_DELETE", d: { id, channel_id: together.channel_id } }));
  return single?.length ? single : [event];
}

/** Where somebody wrote, or did something else that can be for us. */
function channelOf({ t, d }: GatewayEvent): string | undefined {
  return t.startsWith("MESSAGE_") || t === "INTERACTION_CREATE" ? inChannel.safeParse(d).data?.channel_id : undefined;
}

/** Discord's rule; what is not of a server comes to the first shard. https://discord.com/developers/docs/events/gateway#sharding */
function shardOf(guildId: string | undefined, count: number): number {
  return guildId === undefined ? 0 : Number((BigInt(guildId) >> 22n) % BigInt(count));
}

const allIntents =
  GatewayIntentBits.Guilds |
  GatewayIntentBits.GuildMessages |
  GatewayIntentBits.DirectMessages |
  GatewayIntentBits.MessageContent;

const invalidShard = 4010;
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

const withFlags = z.object({ flags: z.number().default(0) });
const withId = z.object({ id: z.string() });
const inChannel = z.object({ channel_id: z.string() });
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
