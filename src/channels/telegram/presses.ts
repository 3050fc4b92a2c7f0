import type { Api } from "grammy";
import { LRUCache } from "lru-cache";
import { say } from "../../conversation/domain/words/say.ts";
import { readPress } from "./press-data.ts";
import type { TelegramCallback, TelegramUpdate } from "./update.ts";
import { signalOf } from "./signal-of.ts";

/** What is to be done about presses of buttons, besides reading them. Nothing here throws. */
export type Presses = {
  /**
   * The updates without the presses of those who may not: only the person whose answer the button is under may press it, and who runs
   * the group. The others are told so.
   */
  permitted(updates: readonly TelegramUpdate[]): Promise<readonly TelegramUpdate[]>;
  /** Ends the sign that a button works, which else stays for a minute. */
  end(updates: readonly TelegramUpdate[]): void;
};

/** @param askMs how long Telegram is given to say who runs a group */
export function presses(api: Api["raw"], askMs: number): Presses {
  const moderators = new LRUCache<string, boolean>({ max: 10_000, ttl: rememberedMs });

  const isModerator = async (chatId: number, userId: number) => {
    const known = moderators.get(`${chatId}/${userId}`);
    if (known !== undefined) return known;
    try {
      const bound = signalOf(AbortSignal.timeout(askMs));
      const { status } = await api.getChatMember({ chat_id: chatId, user_id: userId }, bound);
      const runsIt = status === "administrator" || status === "creator";
      moderators.set(`${chatId}/${userId}`, runsIt);
      return runsIt;
    } catch {
      return false; // they can press again
    }
  };
  const isPermitted = async ({ from, data, message }: TelegramCallback) => {
    const press = data === undefined ? undefined : readPress(data);
    if (!press || !message || message.chat.type === "private") return true;
    return press.askerId === String(from.id) || (await isModerator(message.chat.id, from.id));
  };
  const answer = (callback: TelegramCallback, alert?: string) => {
    const words = alert === undefined ? {} : { text: alert, show_alert: true };
    api.answerCallbackQuery({ callback_query_id: callback.id, ...words }).catch(() => {});
  };

  return {
    async permitted(updates) {
      const verdicts = await Promise.all(
        updates.map(async ({ callback_query: callback }) => !callback || (await isPermitted(callback))),
      );
      for (const [index, { callback_query: callback }] of updates.entries())
        if (callback && !verdicts[index]) answer(callback, say(callback.from.language_code, "refusals.press"));
      return updates.filter((_, index) => verdicts[index]);
    },

    end(updates) {
      for (const { callback_query: callback } of updates) if (callback) answer(callback);
    },
  };
}

/** Telegram tells bots nothing of most changes. */
const rememberedMs = 60_000;
