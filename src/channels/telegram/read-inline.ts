import type { ChannelMessage } from "../../conversation/domain/message.ts";
import { fullName, languageOf } from "./author-of.ts";
import { readSaid, type Self } from "./read-message.ts";
import type { TelegramChosen, TelegramMessage, TelegramUpdate } from "./update.ts";

/**
 * Reads a question from a chat that we are no member of; undefined when the update is none. Each is a room of its own, with a
 * conversation of its own: what is said in strangers' chats is not to meet what a person says to us, nor the other way round.
 */
export function readInline(update: TelegramUpdate, self: Self, receivedAtMs: number): ChannelMessage | undefined {
  if (update.guest_message) return readGuest(update.guest_message, self);
  return update.chosen_inline_result && readChosen(update.chosen_inline_result, self, receivedAtMs);
}

function readGuest(message: TelegramMessage, self: Self): ChannelMessage | undefined {
  const { guest_query_id: guestQueryId } = message;
  const said = readSaid(message, self);
  if (guestQueryId === undefined || !said) return undefined;
  const { joins: _, ...rest } = said;
  return {
    ...rest,
    room: `${self.id}/guest/${guestQueryId}`,
    audience: "group",
    address: { guestQueryId },
  };
}

/** Without a keyboard, which we always offer, there is no id, and the message cannot be edited. */
function readChosen(chosen: TelegramChosen, self: Self, receivedAtMs: number): ChannelMessage | undefined {
  const { from, query, inline_message_id: inlineMessageId } = chosen;
  if (inlineMessageId === undefined || from.is_bot || query.trim() === "") return undefined;
  return {
    channel: "telegram",
    room: `${self.id}/inline/${inlineMessageId}`,
    id: "chosen",
    author: { id: String(from.id), name: fullName(from) },
    ...languageOf({ from }),
    text: query.trim(),
    audience: "group",
    address: { inlineMessageId, botName: self.username },
    mustAnswer: true,
    sentAtMs: receivedAtMs,
  };
}
