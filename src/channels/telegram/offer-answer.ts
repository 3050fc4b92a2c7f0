import type { Api } from "grammy";
import type { InlineKeyboardMarkup } from "grammy/types";
import { say } from "../../conversation/domain/words/say.ts";
import { askTelegram } from "./ask-telegram.ts";
import type { Self } from "./read-message.ts";
import type { TelegramInlineQuery } from "./update.ts";

/**
 * Answers a person who types "@bot question" in any chat. A model cannot answer within the seconds that a query lives, and each key that is
 * pressed asks anew; so a message with the question is offered, which becomes the answer after it was sent (`readInline`).
 *
 * @throws ChannelError
 */
export async function offerAnswer(api: Api["raw"], self: Self, inlineQuery: TelegramInlineQuery): Promise<void> {
  const { id, from, query } = inlineQuery;
  const { language_code: language } = from;
  const question = query.trim();
  const article = {
    type: "article" as const,
    id: "ask",
    title: say(language, "inline.ask", { name: self.name }),
    description: question,
    input_message_content: { message_text: `❓ ${question}\n\n💭`, link_preview_options: { is_disabled: true } },
    reply_markup: writeToBot(self.username, language),
  };
  await askTelegram(
    api.answerInlineQuery({
      inline_query_id: id,
      results: question === "" ? [] : [article],
      is_personal: true,
      cache_time: cacheSeconds,
      button: { text: say(language, "inline.write"), start_parameter: "inline" },
    }),
  );
}

/** The button under such a message, without which Telegram would not tell its id. */
export function writeToBot(botName: string, language: string | undefined): InlineKeyboardMarkup {
  return { inline_keyboard: [[{ text: say(language, "inline.write"), url: `https://t.me/${botName}` }]] };
}

/** The offer depends on the question and the person alone. */
const cacheSeconds = 300;
