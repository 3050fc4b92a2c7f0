import { parseCommand } from "./domain/command.ts";
import { failpoint } from "./domain/failpoint.ts";
import type { ChannelMessage } from "./domain/message.ts";
import { refuseFullRoom, refuseLongMessage, refuseTooMany, sendAgain } from "./domain/sentences.ts";
import type { Receipt } from "./ports/channel.ts";
import type { Gateway } from "./ports/gateway.ts";
import type { Arrival, Kept, WhenFull } from "./ports/inbox.ts";

type Accepting = Pick<Gateway, "channels" | "inbox" | "rateLimiter" | "wire" | "journal" | "limits">;

/** When a room that is full is worth another try. */
const fullRoomMs = 10_000;

/** What is to be kept of one message, and what its sender is told. */
type Verdict = { readonly arrival?: Arrival; readonly receipt: Receipt; readonly permitKey?: string };

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
  await giveBack(taken.filter((_, index) => kept[index] !== "new").map(({ permitKey }) => permitKey));
  if (kept.some((outcome) => outcome !== "known")) wire.send("work", null);
  return verdicts.map((verdict, index) => {
    const receipt = receiptOf(verdict, outcomes.get(verdict));
    const message = messages[index];
    if (message) note(message, verdict, receipt, { wire, journal });
    if (message) failpoint("announced", message);
    return receipt;
  });
}

async function judge(message: ChannelMessage, gateway: Accepting): Promise<Verdict> {
  if (parseCommand(message.text)?.name === "stop")
    return { arrival: { kind: "stop", message }, receipt: { kind: "kept" } };
  if (message.text.length > gateway.limits.messageCharsMax)
    return refuse(message, { sentence: refuseLongMessage(gateway.limits), retryAfterMs: 0, say: true }, gateway);

  const permitKey = `${message.channel}:${message.author.id}`;
  const permit = await gateway.rateLimiter.take(permitKey);
  if (permit.kind === "granted")
    return {
      arrival: { kind: "question", message, whenFull: whenFull(message, gateway) },
      receipt: { kind: "kept" },
      permitKey,
    };

  const { retryAfterMs, first } = permit;
  return refuse(message, { sentence: refuseTooMany(retryAfterMs), retryAfterMs, say: first }, gateway);
}

function whenFull(message: ChannelMessage, { limits, ...gateway }: Accepting): WhenFull {
  const turnsMax = limits.roomTurnsMax;
  if (refusesAtDoor(message, gateway)) return { turnsMax };
  return { turnsMax, words: { text: `${refuseFullRoom} ${sendAgain}`, end: "complete" } };
}

type Refusal = { readonly sentence: string; readonly retryAfterMs: number; readonly say: boolean };

function refuse(message: ChannelMessage, { sentence, retryAfterMs, say }: Refusal, gateway: Accepting): Verdict {
  const receipt: Receipt = { kind: "refused", sentence, retryAfterMs };
  if (refusesAtDoor(message, gateway)) return { receipt };
  const words = retryAfterMs > 0 ? `${sentence} ${sendAgain}` : sentence;
  return { receipt, arrival: { kind: "refusal", message, ...(say && { reply: { text: words, end: "complete" } }) } };
}

function refusesAtDoor({ channel }: ChannelMessage, { channels }: Pick<Accepting, "channels">): boolean {
  return channels.get(channel)?.refuses === "at-door";
}

function receiptOf({ receipt }: Verdict, outcome: Kept | undefined): Receipt {
  if (outcome === "known") return { kind: "known" };
  if (outcome === "full") return { kind: "refused", sentence: refuseFullRoom, retryAfterMs: fullRoomMs };
  return receipt;
}

function note(
  message: ChannelMessage,
  { arrival }: Verdict,
  receipt: Receipt,
  { wire, journal }: Pick<Accepting, "wire" | "journal">,
): void {
  if (receipt.kind === "known") return journal.duplicate(message);
  if (receipt.kind === "refused") return journal.refused(message, receipt.sentence);
  if (arrival?.kind === "stop") wire.send("stop", { channel: message.channel, room: message.room });
  journal.kept(message);
}
