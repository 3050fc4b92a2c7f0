import type { Api } from "grammy";
import { LRUCache } from "lru-cache";
import { ChannelError } from "../../conversation/domain/errors.ts";
import type { Channel } from "../../conversation/ports/channel.ts";
import type { Pauses } from "../share-pauses.ts";
import { askTelegram } from "./ask-telegram.ts";
import { inlineAddress } from "./inline-address.ts";
import { telegramAddress } from "./telegram-address.ts";
import { readError } from "./read-error.ts";
import { signalOf } from "./signal-of.ts";

/**
 * Makes `Channel.mark`: a reaction of the bot's to the person's message. Groups may allow none, or not this one; that is remembered. A
 * chat that Telegram wants left alone is.
 */
export function markMessages(api: Api["raw"], pauses: Pauses): NonNullable<Channel["mark"]> {
  const refused = new LRUCache<number, true>({ max: 10_000, ttl: refusedMs });

  return async (message, mark, signal) => {
    if (message.about?.kind === "pressed" || inlineAddress(message)) return;
    const { chatId, messageId } = telegramAddress(message);
    if (messageId === undefined || refused.has(chatId) || pauses.leftMs(String(chatId)) > 0) return;
    const reaction = mark === "queued" ? [{ type: "emoji" as const, emoji: "👀" as const }] : [];
    const marking = { chat_id: chatId, message_id: messageId, reaction };
    try {
      await askTelegram(api.setMessageReaction(marking, signalOf(signal)).catch(unlessGone));
    } catch (error) {
      if (error instanceof ChannelError && !error.retryable) refused.set(chatId, true);
      if (error instanceof ChannelError && error.retryAfterMs > 0) pauses.begin(String(chatId), error.retryAfterMs);
      throw error;
    }
  };
}

/** A message that was deleted meanwhile needs no sign, and says nothing of its chat. */
function unlessGone(error: unknown): void {
  if (readError(error).kind !== "already") throw error;
}

const refusedMs = 60 * 60_000;
