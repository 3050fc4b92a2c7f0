import type { Api } from "grammy";
import { LRUCache } from "lru-cache";
import type { Channel } from "../../conversation/ports/channel.ts";
import { askTelegram } from "./ask-telegram.ts";
import { inlineAddress } from "./inline-address.ts";
import { telegramAddress } from "./telegram-address.ts";

/** Makes `Channel.mark`: a reaction of the bot's to the person's message. Groups may allow none, or not this one; that is remembered. */
export function markMessages(api: Api["raw"]): NonNullable<Channel["mark"]> {
  const refused = new LRUCache<number, true>({ max: 10_000, ttl: refusedMs });

  return async (message, mark, signal) => {
    if (inlineAddress(message)) return;
    const { chatId, messageId } = telegramAddress(message);
    if (messageId === undefined || message.about?.kind === "pressed" || refused.has(chatId)) return;
    const reaction = mark === "queued" ? [{ type: "emoji" as const, emoji: "👀" as const }] : [];
    // grammY's signals are of another package's type, and as good.
    const bound = signal as Parameters<typeof api.setMessageReaction>[1];
    await askTelegram(api.setMessageReaction({ chat_id: chatId, message_id: messageId, reaction }, bound)).catch(
      (error: unknown) => {
        refused.set(chatId, true);
        throw error;
      },
    );
  };
}

const refusedMs = 60 * 60_000;
