import type { Author } from "../../conversation/domain/message.ts";
import type { TelegramContent, TelegramMessage, TelegramUser } from "./update.ts";

type Written = Pick<TelegramContent, "sender_chat" | "from" | "chat"> &
  Partial<Pick<TelegramMessage, "author_signature">>;

/** Someone who hides behind a group or channel is a person of that place only, not one and the same everywhere. */
export function authorOf({ sender_chat, from, chat, author_signature }: Written): Author {
  if (sender_chat) {
    const id = sender_chat.id === chat.id ? `anonymous:${chat.id}` : `chat:${sender_chat.id}`;
    return { id, name: author_signature ?? sender_chat.title ?? "Anonymous" };
  }
  return { id: String(from?.id), name: from ? fullName(from) : "Anonymous" };
}

export function fullName(user: Pick<TelegramUser, "first_name" | "last_name" | "username">): string {
  return [user.first_name, user.last_name].filter(Boolean).join(" ") || user.username || "Someone";
}

/** Telegram tells which language a person's app is set to, for most people. */
export function languageOf({ sender_chat, from }: Pick<Written, "sender_chat" | "from">): { language?: string } {
  return sender_chat || !from?.language_code ? {} : { language: from.language_code };
}
