import { expect, onTestFinished } from "vitest";
import type { CompleteModel } from "../../src/channels/discord/answer-at-once.ts";
import { discordChannel } from "../../src/channels/discord/discord-channel.ts";
import { sharePauses } from "../../src/channels/share-pauses.ts";
import { commandWords, moderatorWord } from "../../src/conversation/commands/command-words.ts";
import type { ChannelMessage } from "../../src/conversation/domain/message.ts";
import type { Reply } from "../../src/conversation/domain/reply.ts";
import type { Turn } from "../../src/conversation/domain/turn.ts";
import type { Channel, Receipt } from "../../src/conversation/ports/channel.ts";
import type { PlaceSettings } from "../../src/conversation/ports/place-settings.ts";
import { type DiscordTimings, discordTimings } from "../../src/channels/discord/discord-timings.ts";
import { Secret } from "../../src/secret.ts";
import { inProcessWire } from "../../src/store/in-process/in-process-wire.ts";
import { type DiscordDouble, type DoubleOptions, startDiscordDouble } from "../doubles/discord-double.ts";
import { holding } from "../holding.ts";
import { until } from "../until.ts";
import { testMemory } from "./test-memory.ts";
import { testPlaces } from "./test-places.ts";

export type Started = {
  readonly discord: DiscordDouble;
  readonly channel: Channel;
  /** What was accepted, each message once, as a database keeps it. */
  readonly kept: readonly ChannelMessage[];
  /** How often each was given to us. */
  readonly given: readonly string[];
  readonly reports: readonly string[];
  /** The rooms of parts that were sent although they could stand there already. */
  readonly unsettled: readonly string[];
  /** What is offered while the name of a model is typed. */
  completeModel: CompleteModel;
  readonly memory: ReturnType<typeof testMemory>;
  readonly places: PlaceSettings;
  /** The latest `listen`. */
  listening: Promise<void>;
  /** Keeps what was asked long ago, and cannot be answered any more. */
  remembers(message: ChannelMessage): void;
  /** Ends it. */
  stop(): void;
  /** Tells it that another will follow. */
  leave(): void;
  /** Listens (once more) as the holder of this fence, "1" unless told otherwise. */
  listenAgain(fence?: string): void;
  /** Set to make `accept` fail with this, until unset. */
  failWith: Error | undefined;
  /** What `accept` says of everything from now on. */
  receipt: Receipt | undefined;
  /** The message whose text this is, once it is kept. */
  heard(text: string): Promise<ChannelMessage>;
  /** Shows a reply in a turn of the message; returns the ids of the parts. */
  show(message: ChannelMessage, reply: Reply, more?: ShowMore): Promise<readonly string[]>;
};

type ShowMore = Partial<Pick<Turn, "shown" | "attempt" | "ageMs" | "after" | "buttonsAt">> & {
  readonly note?: (shown: readonly string[]) => void;
};
type StartOptions = DoubleOptions & {
  readonly connect?: false;
  readonly slow?: true;
  readonly settle?: boolean;
  readonly timings?: Partial<DiscordTimings>;
};

/** Discord and a channel connected to it, both ended with the test; nothing may have been unknown to Discord. */
export async function startDiscord(options: StartOptions = {}): Promise<Started> {
  const discord = await startDiscordDouble({ identifyEveryMs: 200, ...options });
  const { token, apiBase } = discord;
  const kept: ChannelMessage[] = [];
  const given: string[] = [];
  const reports: string[] = [];
  const unsettled: string[] = [];
  const memory = testMemory(kept);
  const places = testPlaces();
  const report = (what: string, error: unknown) => void reports.push(`${what}: ${String(error)}`);
  const channel = discordChannel(
    {
      token: new Secret(options.connect === false ? "wrong" : token),
      apiBase,
      commands: commandWords,
      moderatorWord,
      completeModel: (typed) => started.completeModel(typed),
      memory,
      places,
      pauses: sharePauses(inProcessWire(), "the bot", new AbortController().signal),
      ...(options.settle !== undefined && { settle: options.settle }),
      onUnsettled: ({ room }) => void unsettled.push(room),
      report,
    },
    { ...discordTimings, identifyEveryMs: 600, historyEveryMs: 5, sharedMs: 500, ...options.timings },
  );
  const listeners: Pick<Started, "stop" | "listening">[] = [];

  const started: Started = {
    discord,
    channel,
    kept,
    given,
    reports,
    unsettled,
    memory,
    places,
    completeModel: async () => [],
    failWith: undefined,
    receipt: undefined,
    listening: Promise.resolve(),
    remembers: (message) => void kept.push(message),
    stop() {},
    leave() {},
    listenAgain(fence = "1") {
      const [stopping, leaving] = [new AbortController(), new AbortController()];
      const receiver = { name: "discord/0", fence, leaving: leaving.signal };
      const listening = channel.listen(accept, stopping.signal, receiver);
      Object.assign(started, { listening, stop: () => stopping.abort(), leave: () => leaving.abort() });
      listeners.push({ ...started });
    },
    heard: (text) => until(() => kept.find((message) => message.text === text), `hearing "${text}"`, 15_000),
    show(message, reply, { note = () => {}, ...more } = {}) {
      const turn: Turn = {
        id: `turn ${message.id.replace(":", " ")}`,
        message,
        attempt: 1,
        shown: [],
        ageMs: 0,
        ...more,
      };
      return channel.show(turn, reply, async (parts) => note(parts), holding(undefined, turn.ageMs));
    },
  };
  started.listenAgain();
  onTestFinished(async () => {
    for (const { stop } of listeners) stop();
    await Promise.allSettled(listeners.map(({ listening }) => listening));
    await discord.close();
    expect(discord.unknownRequests).toEqual([]);
    expect(discord.violations).toEqual([]);
    expect(discord.unanswered).toEqual([]);
  });
  if (options.connect !== false && !options.slow) {
    await until(() => channel.health().state === "connected", "connecting", 15_000);
    await until(() => discord.commands().length > 0, "registering", 15_000); // goes on beside it, and would be among the calls of a test
  }
  return started;

  async function accept(messages: readonly ChannelMessage[]): Promise<readonly Receipt[]> {
    given.push(...messages.map(({ id }) => id));
    if (started.failWith) throw started.failWith;
    return messages.map(keep);
  }

  function keep(message: ChannelMessage): Receipt {
    if (kept.some(({ id }) => id === message.id)) return { kind: "known" };
    if (started.receipt) return started.receipt;
    kept.push(JSON.parse(JSON.stringify(message)) as ChannelMessage);
    return { kind: "kept" };
  }
}
