import { AiError, type AiFailure, ChannelError, GatewayError, LeaseLostError } from "./domain/errors.ts";
import { failpoint } from "./domain/failpoint.ts";
import type { Limits } from "./domain/limits.ts";
import { referenceOf } from "./domain/reference.ts";
import { say } from "./domain/words/say.ts";
import { endReason, type HeldTurn } from "./hold-turns.ts";
import { markMessage } from "./mark-message.ts";
import { persist } from "./persist.ts";
import type { Gateway } from "./ports/gateway.ts";
import { saveReply } from "./save-reply.ts";
import { sendDraft } from "./send-reply.ts";

/**
 * The one place that decides what becomes of a turn that failed: tried again, answered with an apology, or parked. The decision
 * outlasts a short absence of the database, so that it does not look like the death of a worker.
 *
 * @returns whether the room has work at once
 * @throws StoreError the lease runs out, and the turn is tried again
 */
export async function settleTurn(held: HeldTurn, error: unknown, gateway: Gateway): Promise<boolean> {
  try {
    return await decide(held, error, gateway);
  } catch (failure) {
    if (!(failure instanceof LeaseLostError)) throw failure;
    gateway.journal.leaseLost(held.turn);
    await gateway.inbox.forgive(held.turn);
    return false;
  }
}

async function decide(held: HeldTurn, error: unknown, gateway: Gateway): Promise<boolean> {
  const { turn } = held;
  const { inbox, limits } = gateway;
  const reason = endReason(held);

  if (error instanceof LeaseLostError) throw error;
  // "lost" may only mean that the room was freed, as a dead one's: if nobody has taken the turn yet, nobody died of it.
  if (reason === "shutdown" || reason === "lost") {
    await persist(() => inbox.putBack(turn, 0, reason), held.sending.signal, limits);
    return reason === "lost";
  }
  if (error instanceof AiError) return await settleAiFailure(held, error, gateway);
  if (error instanceof ChannelError && error.isShut) return await shut(held, error.message, gateway);
  if (error instanceof ChannelError && !error.retryable) return await giveUp(held, error, gateway);
  if (error instanceof GatewayError)
    return held.triedMs() > limits.deliveryMsMax
      ? await giveUp(held, error, gateway)
      : await tryAgain(held, error, gateway);

  // A bug of ours is tried again too: the next deploy may have mended it.
  if (turn.attempt < limits.bugAttemptsMax) return await tryAgain(held, error, gateway);
  return turn.reply ? await giveUp(held, error, gateway) : await apologise(held, "bug", error, gateway);
}

/** A turn whose room was found shut since it was kept: nobody asks an AI, or the platform, for what cannot be shown. */
export async function settleShut(held: HeldTurn, reason: string, gateway: Gateway): Promise<boolean> {
  return await putAside(held, `room was shut: ${reason}`, gateway);
}

/** A turn that killed its workers, `crashes` in a row: it is parked with an apology; without one, if even that kills. */
export async function settlePoison(held: HeldTurn, crashes: number, gateway: Gateway): Promise<boolean> {
  if (crashes === gateway.limits.crashesMax) await showNotice(held, gateway);
  return await park(held, `its worker died ${crashes} times in a row`, gateway);
}

async function settleAiFailure(held: HeldTurn, error: AiError, gateway: Gateway): Promise<boolean> {
  const { limits } = gateway;
  const triedMs = held.triedMs();
  const isWorthWaiting = error.retryable && triedMs + error.retryAfterMs < limits.patienceMs;
  if (!isWorthWaiting) return await apologise(held, error.kind, error, gateway);

  const delayMs = retryDelayMs(error, held.turn.attempt, limits);
  if (triedMs + delayMs > limits.noticeAfterMs) {
    const notice = say(held.turn.message.language, error.kind === "rate_limited" ? "notices.busy" : "notices.away");
    const text = `⏳ ${notice} (ref ${referenceOf(held.turn)})`;
    held.turn = await sendDraft(held.turn, { text, stays: true }, gateway, held.sending);
  }
  return await putBack(held, { delayMs, reason: String(error) }, gateway);
}

/** The apology is saved like any reply, replaces the draft it follows, and is not remembered in the conversation. */
async function apologise(held: HeldTurn, kind: AiFailure | "bug", error: unknown, gateway: Gateway): Promise<boolean> {
  const reference = referenceOf(held.turn);
  const text = `⚠️ ${say(held.turn.message.language, `apologies.${kind}`)} (ref ${reference})`;
  held.turn = await saveReply(held, { text, end: "complete" }, gateway);
  failpoint("apology-saved", held.turn.message);
  gateway.journal.apologised(held.turn, { reference, reason: String(error) });
  await persist(() => gateway.inbox.putBack(held.turn, 0, String(error)), held.sending.signal, gateway.limits);
  return true;
}

async function tryAgain(held: HeldTurn, error: unknown, gateway: Gateway): Promise<boolean> {
  const delayMs = retryDelayMs(error, held.turn.attempt, gateway.limits);
  return await putBack(held, { delayMs, reason: String(error) }, gateway);
}

async function putBack(
  { turn, sending }: HeldTurn,
  facts: { readonly delayMs: number; readonly reason: string },
  { inbox, journal, limits }: Gateway,
): Promise<boolean> {
  failpoint("putting-back", turn.message);
  await persist(() => inbox.putBack(turn, facts.delayMs, facts.reason), sending.signal, limits);
  failpoint("put-back", turn.message);
  journal.putBack(turn, facts);
  return facts.delayMs === 0;
}

async function giveUp(held: HeldTurn, error: unknown, gateway: Gateway): Promise<boolean> {
  await showNotice(held, gateway);
  return await park(held, String(error), gateway);
}

/** Says that nothing more will come by itself, once, and where nothing that says more stands: the turn is parked either way. */
async function showNotice(held: HeldTurn, gateway: Gateway): Promise<void> {
  const { reply, shown, message } = held.turn;
  if (reply && shown.length > 1) return;
  const text = `⚠️ ${say(message.language, "apologies.bug")} (ref ${referenceOf(held.turn)})`;
  held.turn = await sendDraft(held.turn, { text, stays: true }, gateway, held.sending);
}

async function park(held: HeldTurn, reason: string, gateway: Gateway): Promise<boolean> {
  const more = await putAside(held, reason, gateway);
  const { message, wasQueued } = held.turn;
  if (wasQueued) markMessage(message, "taken", gateway);
  return more;
}

async function putAside(
  { turn, sending }: HeldTurn,
  reason: string,
  { inbox, journal, limits }: Gateway,
): Promise<boolean> {
  failpoint("parking", turn.message);
  await persist(() => inbox.park(turn, reason), sending.signal, limits);
  failpoint("parked", turn.message);
  journal.parked(turn, { reason });
  return true;
}

async function shut(
  { turn, sending }: HeldTurn,
  reason: string,
  { inbox, journal, limits }: Gateway,
): Promise<boolean> {
  failpoint("parking", turn.message);
  await persist(() => inbox.shut(turn, reason), sending.signal, limits);
  failpoint("parked", turn.message);
  journal.parked(turn, { reason });
  journal.roomShut(turn.message, { reason });
  return true;
}

/** Half to all of 1, 2, 4, 8 … times `backoffMs`, never less than the other side asked for. */
function retryDelayMs(error: unknown, attempt: number, { backoffMs, backoffMsMax }: Limits): number {
  const askedMs = error instanceof GatewayError ? error.retryAfterMs : 0;
  const grownMs = Math.min(backoffMsMax, backoffMs * 2 ** Math.min(attempt - 1, 16));
  return Math.max(askedMs, grownMs * (0.5 + Math.random() / 2));
}
