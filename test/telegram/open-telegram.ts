import { afterEach, expect } from "vitest";
import { type Pauses, sharePauses } from "../../src/channels/share-pauses.ts";
import { type GroupWrites, shareWrites } from "../../src/channels/telegram/share-writes.ts";
import { telegramChannel } from "../../src/channels/telegram/telegram-channel.ts";
import type { TelegramOptions } from "../../src/channels/telegram/telegram-link.ts";
import { telegramTimings, type TelegramTimings } from "../../src/channels/telegram/telegram-timings.ts";
import { commandWords } from "../../src/conversation/commands/command-words.ts";
import type { ChannelMessage } from "../../src/conversation/domain/message.ts";
import type { Reply } from "../../src/conversation/domain/reply.ts";
import type { Turn } from "../../src/conversation/domain/turn.ts";
import type { Accept, Channel } from "../../src/conversation/ports/channel.ts";
import type { Wire } from "../../src/conversation/ports/wire.ts";
import { Secret } from "../../src/secret.ts";
import { inProcessWire } from "../../src/store/in-process/in-process-wire.ts";
import { startTelegramDouble, type TelegramDouble, type TelegramDoubleOptions } from "../doubles/telegram-double.ts";
import { holding } from "../holding.ts";
import { until } from "../until.ts";

/** What ends with the test, the newest first. */
export const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

export const timings = {
  ...telegramTimings,
  pollSeconds: 2,
  callMs: 3_000,
  draftMs: 1_500,
  pauseMs: 20,
  pauseMsMax: 100,
  startMs: 300,
  settleAfterMs: 5,
};
const [help] = commandWords;
if (!help) throw new Error("there are no commands");
export const commands = [help];

/** Fails the test if the bot does what Telegram does not know, or does not take. */
export async function telegram(options: TelegramDoubleOptions = {}): Promise<TelegramDouble> {
  const double = await startTelegramDouble({ floodLimits: false, ...options });
  closing.push(async () => {
    await double.close();
    expect(double.unknownRequests).toEqual([]);
    expect(double.violations).toEqual([]);
  });
  return double;
}

export type TestChannel = Channel & { readonly reports: readonly string[]; readonly unsettled: readonly string[] };

/** As if it were alone, or with those that share the wire. */
export function pausesOver(wire: Wire = inProcessWire()): Pauses {
  return sharePauses(wire, "the bot", new AbortController().signal);
}

/** As if it were alone, or with those that share the wire. */
export function writesOver(wire: Wire = inProcessWire()): GroupWrites {
  return shareWrites(wire, "the bot", new AbortController().signal);
}

export function channelTo(
  double: TelegramDouble,
  more: Partial<TelegramOptions> = {},
  waits: Partial<TelegramTimings> = {},
): TestChannel {
  const reports: string[] = [];
  const unsettled: string[] = [];
  const report = (what: string, error: unknown) => void reports.push(`${what}: ${String(error)}`);
  const onUnsettled = ({ room }: { room: string }) => void unsettled.push(room);
  const token = new Secret(double.token);
  const shared = { pauses: pausesOver(), writes: writesOver() };
  const options = { token, apiRoot: double.url, commands, ...shared, report, onUnsettled, ...more };
  return { ...telegramChannel(options, { ...timings, ...waits }), reports, unsettled };
}

/** Listens with a list as the store. Ends with the test. */
export function listening(channel: Channel, onTake: Accept = () => Promise.resolve([])) {
  const kept: ChannelMessage[] = [];
  const stop = new AbortController();
  const accept: Accept = async (messages) => {
    await onTake(messages);
    const isNew = ({ room, id }: ChannelMessage) => !kept.some((one) => one.room === room && one.id === id);
    const receipts = messages.map((one) => ({ kind: isNew(one) ? ("kept" as const) : ("known" as const) }));
    kept.push(...messages.filter(isNew));
    return receipts;
  };
  const ended = channel.listen(accept, stop.signal);
  ended.catch(() => {});
  const close = async () => {
    stop.abort();
    await ended.catch(() => {});
  };
  closing.push(close);
  return { kept, ended, close };
}

export function turnOf(message: ChannelMessage, shown: readonly string[] = []): Turn {
  return { id: "1", message, attempt: 1, shown, ageMs: 0 };
}

/** Lets a person write, and returns the turn that comes of it, with a channel to show replies. */
export async function asked(
  double: TelegramDouble,
  said: Parameters<TelegramDouble["say"]>[0],
  channel: TestChannel = channelTo(double),
) {
  const { kept, close } = listening(channel);
  double.say(said);
  const message = await until(() => kept[0], "the message", 15_000);
  await until(() => double.pendingUpdates === 0, "the confirmation"); // else whoever listens next would hear it again
  await close();
  const noted: (readonly string[])[] = [];
  const note = async (shown: readonly string[]) => void noted.push(shown);
  const show = (reply: Reply, shown: readonly string[] = [], more: Partial<Turn> = {}) =>
    channel.show({ ...turnOf(message, shown), ...more }, reply, note, holding());
  return { channel, message, show, noted };
}

export function botTexts(double: TelegramDouble, chat: number): readonly string[] {
  return double
    .transcript(chat)
    .filter(({ fromBot }) => fromBot)
    .map(({ text }) => text);
}

export const complete = (text: string): Reply => ({ text, end: "complete" });
