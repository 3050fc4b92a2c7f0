import { parseCommand } from "../../conversation/domain/command.ts";
import type { Author, ChannelMessage } from "../../conversation/domain/message.ts";
import {
  mediaNames,
  type TelegramCallback,
  type TelegramContent,
  type TelegramMessage,
  type TelegramUpdate,
} from "./update.ts";

/** Who we are, as far as reading messages needs it. */
export type Self = {
  readonly id: number;
  readonly username: string;
  readonly name: string;
  /** The names of our commands, for a bare "/help" in a group. */
  readonly commands: ReadonlySet<string>;
};

/**
 * Reads an update as a message to the assistant; undefined when it is none.
 *
 * A private chat is always meant for us. In a group these are: a mention of the bot, a reply to a message of the
 * bot, "/command@bot", and one of our own commands without "@bot". With privacy mode (on by default) Telegram delivers a
 * bare command only when the bot was the last one to write in the group, or when it replies to the bot; so who sent it did mean us.
 * A bare command that is not ours counts only as a reply, and a command for another bot never does.
 */
export function readMessage(update: TelegramUpdate, self: Self, receivedAtMs: number): ChannelMessage | undefined {
  if (update.callback_query) return readCallback(update.callback_query, self, receivedAtMs);
  const { message } = update;
  if (!message || !fromPerson(message)) return undefined;

  const written = message.text ?? message.caption;
  const note = mediaNote(message);
  if (written === undefined && note === undefined) return undefined; // a service message: someone joined, a title changed
  if (message.chat.type !== "private" && !isForUs(message, self)) return undefined;

  const reply = repliedTo(message);
  return {
    ...place(message, self),
    id: String(message.message_id),
    author: authorOf(message),
    text: withoutMention(message, self) || note || (reply ? "[refers to the quoted message]" : "[mentioned you]"),
    ...(reply && { replyTo: reply }),
    sentAtMs: message.date * 1000,
  };
}

/** A button's data is the text that it stands for, such as "/stop". */
function readCallback(callback: TelegramCallback, self: Self, receivedAtMs: number): ChannelMessage | undefined {
  const { id, from, data, message } = callback;
  if (!data || !message || from.is_bot) return undefined;
  return {
    ...place(message, self),
    id: `callback:${id}`,
    author: { id: String(from.id), name: fullName(from) },
    text: data,
    sentAtMs: receivedAtMs,
  };
}

function fromPerson(message: TelegramMessage): boolean {
  if (message.chat.type === "channel" || message.is_automatic_forward || message.via_bot !== undefined) return false;
  // Anonymous admins and channels that write in a group carry a made-up bot as sender.
  return message.sender_chat !== undefined || message.from?.is_bot === false;
}

type Placed = Pick<TelegramMessage, "chat" | "message_id" | "message_thread_id" | "is_topic_message">;

/**
 * The room names the bot, whose ids count its messages, and the topic. `message_thread_id` alone proves no topic: in
 * groups without topics a reply carries one as well.
 */
function place({ chat, message_id, message_thread_id, is_topic_message }: Placed, self: Self) {
  const topic = is_topic_message === true && message_thread_id !== generalTopic ? message_thread_id : undefined;
  const threadId = topic ?? (chat.is_forum === true ? generalTopic : undefined);
  return {
    channel: "telegram",
    room: [self.id, chat.id, topic].filter((id) => id !== undefined).join("/"),
    audience: chat.type === "private" ? ("direct" as const) : ("group" as const),
    address: { chatId: chat.id, ...(threadId !== undefined && { threadId }), messageId: message_id },
  };
}

export const generalTopic = 1;

function isForUs(message: TelegramMessage, self: Self): boolean {
  const command = leadingCommand(message);
  const addressee = command?.split("@")[1];
  if (addressee !== undefined) return addressee.toLowerCase() === self.username.toLowerCase();
  const reply = message.reply_to_message;
  if (reply?.from?.id === self.id && reply.forum_topic_created === undefined) return true;
  if (command !== undefined && self.commands.has(parseCommand(command)?.name ?? "")) return true;
  return mentions(message, self).length > 0;
}

/** "/help" or "/help@bot" that begins the message. */
function leadingCommand(message: TelegramContent): string | undefined {
  const { text, entities } = writing(message);
  const first = entities.find(({ type, offset }) => type === "bot_command" && offset === 0);
  return first && text.slice(0, first.length);
}

function mentions(message: TelegramContent, self: Self) {
  const { text, entities } = writing(message);
  return entities.filter(({ type, offset, length, user }) => {
    if (type === "text_mention") return user?.id === self.id;
    const name = text.slice(offset, offset + length).toLowerCase();
    return type === "mention" && name === `@${self.username.toLowerCase()}`;
  });
}

function writing({ text, entities, caption, caption_entities }: TelegramContent) {
  return text === undefined
    ? { text: caption ?? "", entities: caption_entities ?? [] }
    : { text, entities: entities ?? [] };
}

/** The text without "@bot", neither as a mention nor at the end of a command. */
function withoutMention(message: TelegramMessage, self: Self): string {
  const { text } = writing(message);
  const command = leadingCommand(message);
  const bare = command === undefined ? 0 : command.indexOf("@");
  if (command !== undefined && bare > 0) return (text.slice(0, bare) + text.slice(command.length)).trim();
  if (message.chat.type === "private") return text.trim();

  let rest = text;
  for (const { offset, length } of mentions(message, self).sort((a, b) => b.offset - a.offset)) {
    const after = rest.slice(offset + length);
    rest = rest.slice(0, offset) + (/(?:^|\s)$/.test(rest.slice(0, offset)) ? after.replace(/^ /, "") : after);
  }
  return rest.trim();
}

type Written = Pick<TelegramContent, "sender_chat" | "from" | "chat"> &
  Partial<Pick<TelegramMessage, "author_signature">>;

/** Someone who hides behind a group or channel is a person of that place only, not one and the same everywhere. */
function authorOf(message: Written): Author {
  const { sender_chat, from, chat, author_signature } = message;
  if (sender_chat) {
    const id = sender_chat.id === chat.id ? `anonymous:${chat.id}` : `chat:${sender_chat.id}`;
    return { id, name: author_signature ?? sender_chat.title ?? "Anonymous" };
  }
  return { id: String(from?.id), name: from ? fullName(from) : "Anonymous" };
}

function fullName(user: { first_name: string; last_name?: string | undefined; username?: string | undefined }): string {
  return [user.first_name, user.last_name].filter(Boolean).join(" ") || user.username || "Someone";
}

/** The part that was quoted, else the whole message that is answered. A topic's first message is no answer to its creation. */
function repliedTo(message: TelegramMessage): ChannelMessage["replyTo"] {
  const { reply_to_message: reply, quote, external_reply: external } = message;
  if (external && quote) {
    const { sender_user, sender_user_name, sender_chat, chat } = external.origin;
    const author = sender_user ? fullName(sender_user) : (sender_user_name ?? (sender_chat ?? chat)?.title);
    return { author: author ?? "Someone", text: quote.text };
  }
  if (!reply || reply.forum_topic_created !== undefined) return undefined;
  const text = quote?.text || writing(reply).text || mediaNote(reply);
  return text ? { author: authorOf(reply).name, text } : undefined;
}

/** What stands for content that has no words. */
function mediaNote(message: TelegramContent): string | undefined {
  for (const [kind, name] of Object.entries(mediaNames))
    if (message[kind as keyof typeof mediaNames] !== undefined) return `[sent ${name}]`;
  return undefined;
}
