import { parseCommand } from "./domain/command.ts";
import type { ChannelMessage } from "./domain/message.ts";
import { refuseLongMessage, refuseTooMany, sendAgain } from "./domain/sentences.ts";
import type { Receipt } from "./ports/channel.ts";
import type { Gateway } from "./ports/gateway.ts";
import type { Arrival } from "./ports/inbox.ts";

type Accepting = Pick<Gateway, "channels" | "inbox" | "rateLimiter" | "wire" | "journal" | "limits">;

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
  const verdicts = await Promise.all(messages.map((message) => judge(message, gateway)));
  const taken = verdicts.filter((verdict) => verdict.arrival !== undefined);
  const giveBack = (keys: readonly (string | undefined)[]) =>
    Promise.all(keys.map(async (key) => key !== undefined && (await rateLimiter.giveBack(key))));

  const news = await inbox.keep(taken.flatMap(({ arrival }) => arrival ?? [])).catch(async (error: unknown) => {
    await giveBack(taken.map(({ permitKey }) => permitKey));
    throw error;
  });

  const known = new Set(taken.filter((_, index) => !news[index]));
  await giveBack([...known].map(({ permitKey }) => permitKey));
  if (news.some(Boolean)) wire.send("work", null);
  return verdicts.map((verdict, index) => {
    const message = messages[index];
    if (message) note(message, verdict, known.has(verdict), { wire, journal });
    return known.has(verdict) ? { kind: "known" } : verdict.receipt;
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
    return { arrival: { kind: "question", message }, receipt: { kind: "kept" }, permitKey };

  const { retryAfterMs, first } = permit;
  return refuse(message, { sentence: refuseTooMany(retryAfterMs), retryAfterMs, say: first }, gateway);
}

type Refusal = { readonly sentence: string; readonly retryAfterMs: number; readonly say: boolean };

function refuse(message: ChannelMessage, { sentence, retryAfterMs, say }: Refusal, { channels }: Accepting): Verdict {
  const receipt: Receipt = { kind: "refused", sentence, retryAfterMs };
  if (channels.get(message.channel)?.refuses === "at-door") return { receipt };
  const words = retryAfterMs > 0 ? `${sentence} ${sendAgain}` : sentence;
  return { receipt, arrival: { kind: "refusal", message, ...(say && { reply: { text: words, end: "complete" } }) } };
}

function note(
  message: ChannelMessage,
  { arrival, receipt }: Verdict,
  known: boolean,
  { wire, journal }: Pick<Accepting, "wire" | "journal">,
): void {
  if (known) return journal.duplicate(message);
  if (receipt.kind === "refused") return journal.refused(message, receipt.sentence);
  if (arrival?.kind === "stop") wire.send("stop", { channel: message.channel, room: message.room });
  journal.kept(message);
}
