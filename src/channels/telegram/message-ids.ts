import { LRUCache } from "lru-cache";

/** Which message ids are taken, as far as this process was told. Ids only grow, so they tell when a message came into being too. */
export type MessageIds = {
  /** A message of this id stands in the chat, a person's or ours. */
  note(chatId: number, id: number): void;
  /** The newest id where the chat's messages are counted; 0 when none is known. */
  newest(chatId: number): number;
  /**
   * The `countMax` ids after `afterId` that nobody told us of: free, or a message in the chat that we missed. Those around
   * `nearId` first, else the oldest.
   */
  unheardOf(chatId: number, range: IdRange, countMax: number): readonly number[];
};

export type IdRange = { readonly afterId: number; readonly nearId?: number };

/**
 * Telegram counts the messages of all private chats and basic groups of an account together, received and sent alike, and those of each
 * supergroup by themselves (told by the authors of clients: LonamiWebs/Telethon#1308, mautrix/telegram#51). So most of
 * the ids between two messages of a private chat are known to be other people's. A server that gives two such chats the same id counts
 * per chat, and is then believed to.
 */
export function messageIds(): MessageIds {
  const chats = new LRUCache<string, number>({ max: 50_000 });
  const newest = new LRUCache<string, number>({ max: 10_000 });
  let isShared = true;
  const counterOf = (chatId: number) => (isShared && chatId > supergroupsBelow ? "account" : String(chatId));

  return {
    note(chatId, id) {
      const known = chats.get(`${counterOf(chatId)}/${id}`);
      if (known !== undefined && known !== chatId) isShared = false;
      const counter = counterOf(chatId);
      chats.set(`${counter}/${id}`, chatId);
      newest.set(counter, Math.max(id, newest.get(counter) ?? 0));
    },
    newest: (chatId) => newest.get(counterOf(chatId)) ?? 0,
    unheardOf(chatId, { afterId, nearId = afterId }, countMax) {
      const counter = counterOf(chatId);
      const ids: number[] = [];
      for (let step = 0; ids.length < countMax; step += 1) {
        const next = [nearId + 2 * step + 1, nearId + 2 * step + 2, nearId - step]; // what we know lags behind
        ids.push(...next.filter((id) => id > afterId && !chats.has(`${counter}/${id}`)));
      }
      return ids.slice(0, countMax);
    },
  };
}

/** Their ids, and those of channels, are -1000000000000 minus a positive number. */
const supergroupsBelow = -1_000_000_000_000;
