import { LRUCache } from "lru-cache";
import { ChannelError } from "../../conversation/domain/errors.ts";
import type { Hold } from "../../conversation/ports/channel.ts";
import type { Pauses } from "../share-pauses.ts";
import type { WritePacer } from "./pace-writes.ts";
import { readError } from "./read-error.ts";

/** What became of a call, as far as the caller decides what to do next. */
export type Outcome<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "already" | "gone" | "textless" | "formatting" | "moved" }
  /** Nobody answered: it may have been carried out. */
  | { readonly kind: "unheard"; readonly error: ChannelError };

/** On whose behalf a chat is called. */
export type Caller = { readonly turn: { readonly id: string }; readonly hold: Hold };

/** What one process knows of the chats' state. Forgetting any of it costs a call, nothing else. */
export type ChatLine = {
  /**
   * Calls the platform, when the hold and the chat allow it.
   *
   * @throws ChannelError; without a call while Telegram asked for a pause in the chat, which a call would prolong
   */
  call<T>(caller: Caller, chatId: number, request: () => Promise<T>): Promise<Outcome<T>>;
  /** The id that the chat has now: groups become supergroups. */
  idNow(chatId: number): number;
  learnMove(chatId: number, newChatId: number): void;
  /** Whether the chat would refuse what can be left out: drafts, typing. A new message of a person's, which is another turn, opens it. */
  isClosed(caller: Caller, chatId: number): boolean;
  /** How many times slower than usual drafts are to follow each other: doubled by each 429, as usual after some quiet minutes. */
  slowness(chatId: number): number;
};

export function chatLine(pacer: Pick<WritePacer, "refused">, pauses: Pauses): ChatLine {
  const moves = new LRUCache<number, number>({ max: 1_000 });
  /** By chat: the turn that it refused for good, as blocked rooms do. */
  const refusedTurns = new LRUCache<number, string>({ max: 10_000 });
  const slowness = new LRUCache<number, number>({ max: 10_000, ttl: slowMs });

  const noteRefusal = ({ turn }: Caller, chatId: number, error: ChannelError) => {
    if (!error.retryable) refusedTurns.set(chatId, turn.id);
    if (error.retryAfterMs === 0) return;
    pauses.begin(String(chatId), error.retryAfterMs);
    slowness.set(chatId, Math.min(slownessMax, 2 * (slowness.get(chatId) ?? 1)));
    pacer.refused(chatId, error.retryAfterMs);
  };

  return {
    async call(caller, chatId, request) {
      const waitMs = pauses.leftMs(String(chatId));
      if (waitMs > 0)
        throw new ChannelError("Telegram asked for a pause in this chat", { retryable: true, retryAfterMs: waitMs });
      caller.hold.check();
      try {
        return { kind: "done", value: await request() };
      } catch (error) {
        const refusal = readError(error);
        switch (refusal.kind) {
          case "already":
          case "gone":
          case "textless":
          case "formatting":
          case "unheard":
            return refusal;
          case "moved":
            moves.set(chatId, refusal.chatId);
            return { kind: "moved" };
          case "unauthorized": // the reply waits for the operator, who reads the reason from `listen` as well
            throw new ChannelError(refusal.error.message, { retryable: true, retryAfterMs: unauthorizedPauseMs });
          case "conflict":
            throw refusal.error;
          case "failed":
            noteRefusal(caller, chatId, refusal.error);
            throw refusal.error;
          default:
            return refusal satisfies never;
        }
      }
    },
    idNow: (chatId) => moves.get(chatId) ?? chatId,
    learnMove: (chatId, newChatId) => void moves.set(chatId, newChatId),
    isClosed: ({ turn }, chatId) => pauses.leftMs(String(chatId)) > 0 || refusedTurns.get(chatId) === turn.id,
    slowness: (chatId) => slowness.get(chatId) ?? 1,
  };
}

const unauthorizedPauseMs = 60_000;
const slownessMax = 8;
const slowMs = 5 * 60_000;
