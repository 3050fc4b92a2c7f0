import { ChannelError } from "../../conversation/domain/errors.ts";
import { pause } from "../../conversation/domain/pause.ts";
import type { Pauses } from "../share-pauses.ts";

/** How fast the bot writes, over all of its chats. */
export type WritePacer = {
  /** Whether there is no room for drafts, which can be skipped. */
  isLow(): boolean;
  /** Whether the whole bot is to be silent. */
  isClosed(): boolean;
  /**
   * Resolves when one more message may be written: at once, until Telegram refused the whole bot; then in its turn.
   *
   * @throws ChannelError retryable, when that is not within `waitMsMax`: nobody sleeps on it
   */
  take(signal: AbortSignal): Promise<void>;
  /** Telegram took a message. */
  passed(): void;
  /** Telegram answered 429 in this chat. */
  refused(chatId: number, retryAfterMs: number): void;
};

/** What Telegram is said to take of a bot; one that pays for broadcasts may write more. */
const perSecondUsual = 30;
const perSecondMin = 5;
/** So much is written in a burst. */
const bucketMs = 1_000;
/** How long an answer waits here rather than in the inbox. */
const waitMsMax = 3_000;
/** This many chats, refused one after the other and within this time, are no coincidence. */
const refusedChatsMin = 3;
const refusedWithinMs = 5_000;
/** Three chats may have been refused for themselves, for hours: after this the next answers show whether it was the bot. */
const closedMsMax = 30_000;
/** The lane of the whole bot; the others are chats. */
const everyChat = "every chat";
/** How long a slower pace lasts, before it is doubled. */
const easeMs = 60_000;

/**
 * Paced by what the platform says. Drafts leave half of the usual 30 messages a second to answers. Answers are not held back before
 * several chats in a row were refused, which means the bot and not the chats: then all is silent for as long as Telegram asked, but
 * half a minute at most, on all instances, and after that 30 a second, half as many each time it happens again, and more by and by when it does not.
 */
export function writePacer(pauses: Pauses): WritePacer {
  let fullAtMs = 0;
  let closedUntilMs = 0;
  let slowed = { perSecond: Number.POSITIVE_INFINITY, atMs: 0 };
  let refusals: readonly Refusal[] = [];

  const perSecond = () => {
    const eased = slowed.perSecond * 2 ** Math.floor((performance.now() - slowed.atMs) / easeMs);
    return eased > 2 * perSecondUsual ? Number.POSITIVE_INFINITY : eased;
  };
  const isSlowed = () => perSecond() < Number.POSITIVE_INFINITY;
  const isClosed = () => closedUntilMs > performance.now();

  pauses.watch(everyChat, (ms) => {
    const nowMs = performance.now();
    if (!isClosed())
      slowed = { perSecond: Math.max(perSecondMin, Math.min(perSecondUsual, perSecond() / 2)), atMs: nowMs };
    closedUntilMs = nowMs + ms;
    fullAtMs = Math.max(fullAtMs, closedUntilMs + bucketMs);
  });

  return {
    isClosed,
    isLow: () => isSlowed() || fullAtMs - performance.now() > bucketMs / 2,

    async take(signal) {
      const nowMs = performance.now();
      const waitMs = isSlowed() ? fullAtMs - bucketMs - nowMs : 0;
      if (waitMs > waitMsMax) throw tooFast(waitMs);
      const takenMs = Math.max(nowMs, fullAtMs) + 1_000 / Math.min(perSecondUsual, perSecond());
      fullAtMs = isSlowed() ? takenMs : Math.min(takenMs, nowMs + bucketMs);
      if (waitMs <= 0) return;
      await pause(waitMs, signal);
      if (isClosed()) throw tooFast(closedUntilMs - performance.now());
    },

    passed() {
      refusals = [];
    },

    refused(chatId, retryAfterMs) {
      const nowMs = performance.now();
      const recent = refusals.filter((one) => one.chatId !== chatId && one.atMs > nowMs - refusedWithinMs);
      refusals = [...recent, { chatId, atMs: nowMs, retryAfterMs }].slice(-refusedChatsMin);
      if (refusals.length < refusedChatsMin) return;
      // The shortest, as one of them may have been refused for itself; each chat's own pause is kept with the chat.
      pauses.begin(everyChat, Math.min(closedMsMax, ...refusals.map((one) => one.retryAfterMs)));
      refusals = [];
    },
  };
}

type Refusal = { readonly chatId: number; readonly atMs: number; readonly retryAfterMs: number };

function tooFast(waitMs: number): ChannelError {
  return new ChannelError("Telegram takes no more messages of this bot for now", {
    retryable: true,
    retryAfterMs: waitMs,
  });
}
