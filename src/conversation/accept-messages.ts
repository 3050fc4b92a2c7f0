import { parseCommand } from "./domain/command.ts";
import { failpoint } from "./domain/failpoint.ts";
import type { ChannelMessage } from "./domain/message.ts";
import { sayDuration } from "./domain/words/say-duration.ts";
import { say } from "./domain/words/say.ts";
import { markMessage } from "./mark-message.ts";
import type { Receipt } from "./ports/channel.ts";
import type { Gateway } from "./ports/gateway.ts";
import type { Arrival, Kept, WhenFull } from "./ports/inbox.ts";

type Accepting = Pick<Gateway, "channels" | "inbox" | "rateLimiter" | "wire" | "journal" | "limits">;

/** When a room that is full is worth another try. */
const fullRoomMs = 10_000;

/** What is to be kept of one message, and what its sender is told. */
type Verdict = {
  readonly message: ChannelMessage;
  readonly arrival?: Arrival;
  readonly receipt: Receipt;
  readonly permitKey?: string;
  /** Of a refusal, for the operator. */
  readonly reason?: string;
};

/**
 * The Router: keeps what arrived, each message once, before anything else is done with it.
 * A `/stop` overtakes the very answer that it stops.
 *
 * @throws StoreError nothing was kept, and nothing may be acknowledged
 */
export async function acceptMessages(
  messages: readonly ChannelMessage[],
  gateway: Accepting,
): Promise<readonly Receipt[]> {
  const { inbox, rateLimiter, wire, journal } = gateway;
  for (const message of messages) failpoint("received", message);
  const verdicts = await Promise.all(messages.map((message) => judge(message, gateway)));
  for (const message of messages) failpoint("permitted", message);
  const taken = verdicts.filter((verdict) => verdict.arrival !== undefined);
  const giveBack = (keys: readonly (string | undefined)[]) =>
    Promise.all(keys.map(async (key) => key !== undefined && (await rateLimiter.giveBack(key))));

  const kept = await inbox.keep(taken.flatMap(({ arrival }) => arrival ?? [])).catch(async (error: unknown) => {
    await giveBack(taken.map(({ permitKey }) => permitKey));
    throw error;
  });

  for (const message of messages) failpoint("kept", message);
  const outcomes = new Map(taken.map((verdict, index) => [verdict, kept[index]]));
  await giveBack(taken.filter((_, index) => !countsAsOne(kept[index])).map(({ permitKey }) => permitKey));
  for (const inMs of duesOf(taken.filter((_, index) => kept[index] !== "known"))) wire.send("work", inMs);
  return verdicts.map((verdict) => {
    const receipt = receiptOf(verdict, outcomes.get(verdict));
    note(verdict, receipt, { wire, journal });
    if (outcomes.get(verdict) === "queued") markMessage(verdict.message, "queued", gateway);
    failpoint("announced", verdict.message);
    return receipt;
  });
}

/** In how many milliseconds there is work: what waits for its neighbours is not due before. */
function duesOf(verdicts: readonly Pick<Verdict, "message">[]): ReadonlySet<number> {
  return new Set(verdicts.map(({ message }) => message.joins?.windowMs ?? 0));
}

/** Known ones and the further pictures of an album cost their sender nothing. */
function countsAsOne(kept: Kept | undefined): boolean {
  return kept === "new" || kept === "queued";
}

async function judge(message: ChannelMessage, gateway: Accepting): Promise<Verdict> {
  const { about, language, text } = message;
  if (about?.kind === "deleted") return revise(message, about.messageId, null);
  if (about?.kind === "edited") return judgeEdit(message, about.messageId, gateway);
  if (parseCommand(text)?.name === "stop") return judgeStop(message, gateway);
  const { messageCharsMax } = gateway.limits;
  if (text.length > messageCharsMax) {
    const sentence = say(language, "refusals.longMessage", { count: messageCharsMax });
    return refuse(message, { sentence, reason: "too long", retryAfterMs: 0, isTold: true }, gateway);
  }

  const permitKey = permitKeyOf(message);
  const permit = await gateway.rateLimiter.take(permitKey);
  if (permit.kind === "granted")
    return {
      message,
      arrival: {
        kind: "question",
        message,
        whenFull: whenFull(message, gateway),
        yields: permit.nth > gateway.limits.promptMessagesMax,
      },
      receipt: { kind: "kept" },
      permitKey,
    };

  const { retryAfterMs, first } = permit;
  const isTold = first || message.mustAnswer === true;
  return refuse(message, { ...tooMany(message, retryAfterMs), retryAfterMs, isTold }, gateway);
}

function tooMany({ language }: ChannelMessage, retryAfterMs: number) {
  const sentence = say(language, "refusals.tooMany", { wait: sayDuration(language, retryAfterMs) });
  return { sentence, reason: "too many at once" };
}

/** It stops, however many its sender has sent; only an answer it gets no more than other messages do. */
async function judgeStop(message: ChannelMessage, { rateLimiter, limits }: Accepting): Promise<Verdict> {
  const permitKey = permitKeyOf(message);
  const permit = await rateLimiter.take(permitKey);
  const stop = (turnsMax: number): Arrival => ({ kind: "stop", message, turnsMax });
  if (permit.kind === "granted")
    return { message, arrival: stop(limits.roomTurnsMax), receipt: { kind: "kept" }, permitKey };

  const { retryAfterMs } = permit;
  const { sentence, reason } = tooMany(message, retryAfterMs);
  return { message, arrival: stop(0), receipt: { kind: "refused", sentence, retryAfterMs }, reason };
}

/** An edit that is not taken needs no words: the question keeps its answer. */
async function judgeEdit(
  message: ChannelMessage,
  messageId: string,
  { rateLimiter, limits }: Accepting,
): Promise<Verdict> {
  const receipt: Receipt = { kind: "refused", sentence: "", retryAfterMs: 0 };
  const left: Verdict = { message, receipt, reason: "an edit that is not answered" };
  if (message.text.length > limits.messageCharsMax) return left;
  const permitKey = permitKeyOf(message);
  const permit = await rateLimiter.take(permitKey);
  return permit.kind === "granted" ? { ...revise(message, messageId, limits.editableMs), permitKey } : left;
}

function revise(message: ChannelMessage, messageId: string, withinMs: number | null): Verdict {
  return { message, arrival: { kind: "revision", message, messageId, withinMs }, receipt: { kind: "kept" } };
}

function permitKeyOf({ channel, author }: ChannelMessage): string {
  return `${channel}:${author.id}`;
}

function whenFull(message: ChannelMessage, { limits, ...gateway }: Accepting): WhenFull {
  const turnsMax = limits.roomTurnsMax;
  if (refusesAtDoor(message, gateway)) return { turnsMax };
  const text = [say(message.language, "refusals.fullRoom"), say(message.language, "refusals.sendAgain")].join(" ");
  return { turnsMax, words: { text, end: "complete" } };
}

type Refusal = Required<Pick<Verdict, "reason">> & {
  readonly sentence: string;
  readonly retryAfterMs: number;
  /** False: it would be one sentence too many in the room. */
  readonly isTold: boolean;
};

function refuse(message: ChannelMessage, refusal: Refusal, gateway: Accepting): Verdict {
  const { sentence, reason, retryAfterMs, isTold } = refusal;
  const verdict: Verdict = { message, receipt: { kind: "refused", sentence, retryAfterMs }, reason };
  if (refusesAtDoor(message, gateway)) return verdict;
  const text = retryAfterMs > 0 ? `${sentence} ${say(message.language, "refusals.sendAgain")}` : sentence;
  return { ...verdict, arrival: { kind: "refusal", message, ...(isTold && { reply: { text, end: "complete" } }) } };
}

function refusesAtDoor({ channel }: ChannelMessage, { channels }: Pick<Accepting, "channels">): boolean {
  return channels.get(channel)?.refuses === "at-door";
}

function receiptOf({ message, receipt }: Verdict, outcome: Kept | undefined): Receipt {
  if (outcome === "known") return { kind: "known" };
  if (outcome === "full" && receipt.kind === "kept")
    return { kind: "refused", sentence: say(message.language, "refusals.fullRoom"), retryAfterMs: fullRoomMs };
  return receipt;
}

function note(
  { message, arrival, reason = "the room is full" }: Verdict,
  receipt: Receipt,
  { wire, journal }: Pick<Accepting, "wire" | "journal">,
): void {
  if (receipt.kind === "known") return journal.duplicate(message);
  if (arrival?.kind === "stop" || arrival?.kind === "revision")
    wire.send("stop", { channel: message.channel, room: message.room });
  if (receipt.kind === "refused") return journal.refused(message, reason);
  journal.kept(message);
}
