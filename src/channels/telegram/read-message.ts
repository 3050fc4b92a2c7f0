import { parseCommand } from "../../conversation/domain/command.ts";
import type { ChannelMessage, Joins } from "../../conversation/domain/message.ts";
import { authorOf, fullName, languageOf } from "./author-of.ts";
import { readPress } from "./press-data.ts";
import { readAttachment } from "./read-attachment.ts";
import { readForwarded, readQuoted, writingOf } from "./read-quoted.ts";
import type { TelegramCallback, TelegramContent, TelegramMessage, TelegramStopped, TelegramUpdate } from "./update.ts";

/** Who we are, as far as reading messages needs it. */
export type Self = {
  readonly id: number;
  readonly username: string;
  readonly name: string;
  /** The names of our commands, for a bare "/help" in a group. */
  readonly commands: ReadonlySet<string>;
  /** What was for us a moment ago and goes on in messages that do not say so, by `sequelKey`; and when it was sent, by Telegram's clock in seconds. */
  readonly begun: { get(key: string): number | undefined };
};

/**
 * Reads an update as a message to the assistant; undefined when it is none.
 *
 * A private chat is always meant for us. In a group these are: a mention of the bot, a reply to a message of the
 * bot, "/command@bot", and one of our own commands without "@bot". With privacy mode (on by default) Telegram delivers a
 * bare command only when the bot was the last one to write in the group, or when it replies to the bot; so who sent it did mean us.
 * A bare command that is not ours counts only as a reply, and a command for another bot never does.
 *
 * Messages of bots, also those that a person sends through one (`via_bot`), are never meant for us: two bots would talk for ever.
 * Telegram does not tell bots of deletions.
 */
export function readMessage(update: TelegramUpdate, self: Self, receivedAtMs: number): ChannelMessage | undefined {
  if (update.callback_query) return readCallback(update.callback_query, self, receivedAtMs);
  if (update.edited_message) return readEdit(update.edited_message, self);
  if (update.stopped_message_generation) return readStop(update.stopped_message_generation, self, receivedAtMs);
  return update.message && readSaid(update.message, self);
}

/** What a person writes in a chat, if it is meant for us. */
export function readSaid(message: TelegramMessage, self: Self): ChannelMessage | undefined {
  if (!fromPerson(message)) return undefined;
  const attachment = readAttachment(message);
  if ((message.text ?? message.caption ?? attachment) === undefined) return undefined; // someone joined, a title changed
  if (message.chat.type !== "private" && !isForUs(message, self) && !isSequel(message, self)) return undefined;

  const { message_id: messageId, date } = message;
  const shared = {
    id: String(messageId),
    ...placeOf(message, self),
    author: authorOf(message),
    ...languageOf(message),
  };
  const forwarded = readForwarded(message, attachment);
  if (forwarded)
    return { ...shared, text: "", forwarded: [forwarded], ...joinsOf(message, ""), sentAtMs: date * 1_000 };

  const replyTo = readQuoted(message);
  const words = withoutMention(message, self);
  const text = words || (attachment ? "" : noWords[replyTo ? "reply" : "mention"]);
  return {
    ...shared,
    text,
    ...(replyTo && { replyTo }),
    ...(attachment && { attachments: [attachment] }),
    ...joinsOf(message, text),
    sentAtMs: date * 1_000,
  };
}

/** What the model reads where a person wrote nothing but our name. */
const noWords = { reply: "[refers to the quoted message]", mention: "[mentioned you]" };

/**
 * A message as it stands after the person has changed it. Places that move and polls that are voted in are no questions, and without the
 * time of an edit only something around the message has changed, such as its reactions. https://core.telegram.org/bots/api#update
 */
function readEdit(message: TelegramMessage, self: Self): ChannelMessage | undefined {
  const { edit_date: editedAt } = message;
  if (editedAt === undefined || (message.text ?? message.caption) === undefined) return undefined;
  const said = readSaid(message, self);
  if (!said) return undefined;
  const { joins: _, ...rest } = said;
  return {
    ...rest,
    id: `edit:${said.id}:${editedAt}`,
    about: { kind: "edited", messageId: said.id },
    sentAtMs: editedAt * 1_000,
  };
}

/** A button's data says whose answer it is under and which text it stands for, such as "/stop". */
function readCallback(callback: TelegramCallback, self: Self, receivedAtMs: number): ChannelMessage | undefined {
  const { id, from, data, message } = callback;
  const press = data === undefined ? undefined : readPress(data);
  if (!press || !message || from.is_bot) return undefined;
  return {
    id: `callback:${id}`,
    ...placeOf(message, self),
    author: { id: String(from.id), name: fullName(from) },
    ...languageOf({ from }),
    text: press.command,
    about: { kind: "pressed", turnId: press.turnId },
    sentAtMs: receivedAtMs,
  };
}

/** A draft's id is its turn's. */
function readStop({ draft_id, ...place }: TelegramStopped, self: Self, receivedAtMs: number): ChannelMessage {
  const { chat, message_thread_id: thread } = place;
  return {
    id: `stopped:${draft_id}`,
    ...placeOf({ ...place, is_topic_message: thread !== undefined }, self),
    author: { id: String(chat.id), name: fullName({ ...chat, first_name: chat.first_name ?? "" }) },
    text: "/stop",
    about: { kind: "pressed", turnId: String(draft_id) },
    sentAtMs: receivedAtMs,
  };
}

function fromPerson(message: TelegramMessage): boolean {
  if (message.chat.type === "channel" || message.is_automatic_forward || message.via_bot !== undefined) return false;
  // Anonymous admins and channels that write in a group carry a made-up bot as sender.
  return message.sender_chat !== undefined || message.from?.is_bot === false;
}

/**
 * The pictures of an album arrive one by one, and so do the pieces of a paste, which Telegram's apps cut at 4096, and what is
 * passed on at once.
 */
function joinsOf(
  { media_group_id: album, forward_origin, ...message }: TelegramMessage,
  text: string,
): { joins?: Joins } {
  if (album !== undefined) return { joins: { key: `album:${album}`, windowMs: albumMs } };
  const key = `paste:${authorOf(message).id}`;
  if (forward_origin) return { joins: { key, windowMs: albumMs } };
  const isPiece = text.length >= pieceCharsMin;
  if (message.text === undefined || (!isPiece && parseCommand(text))) return {};
  return { joins: { key, windowMs: isPiece ? pasteMs : 0 } };
}

const albumMs = 1_000;
const pasteMs = 1_500;
/** The apps cut a little earlier where a line or a word ends. */
const pieceCharsMin = 4_000;

type Placed = Pick<TelegramMessage, "chat" | "message_thread_id" | "is_topic_message"> &
  Partial<Pick<TelegramMessage, "message_id">>;

/**
 * The room names the bot, whose ids count its messages, and the topic. `message_thread_id` alone proves no topic: in
 * groups without topics a reply carries one as well.
 */
function placeOf({ chat, message_id, message_thread_id, is_topic_message }: Placed, self: Self) {
  const topic = is_topic_message === true && message_thread_id !== generalTopic ? message_thread_id : undefined;
  const threadId = topic ?? (chat.is_forum === true ? generalTopic : undefined);
  return {
    channel: "telegram",
    room: [self.id, chat.id, topic].filter((id) => id !== undefined).join("/"),
    ...(chat.type === "private" && topic !== undefined && { topic: String(topic) }),
    audience: chat.type === "private" ? ("direct" as const) : ("group" as const),
    address: {
      chatId: chat.id,
      ...(threadId !== undefined && { threadId }),
      ...(message_id !== undefined && { messageId: message_id }),
    },
  };
}

export const generalTopic = 1;

/** What else is for us, if this message is: one picture of an album carries its words, and the first piece of a paste the mention. */
export function sequelKey(message: TelegramMessage): string | undefined {
  if (message.media_group_id !== undefined) return albumKey(message.media_group_id);
  return (message.text ?? "").length >= pieceCharsMin ? pasteKey(message) : undefined;
}

function isSequel(message: TelegramMessage, { begun }: Self): boolean {
  const { media_group_id: album, text, forward_origin, date } = message;
  if (album !== undefined) return begun.get(albumKey(album)) !== undefined;
  if (text === undefined || forward_origin || leadingCommand(message) !== undefined) return false;
  const sentAt = begun.get(pasteKey(message));
  return sentAt !== undefined && date - sentAt <= pieceSecondsMax;
}

/** Apps send the pieces at once; Telegram's dates are whole seconds. */
const pieceSecondsMax = 2;

function albumKey(album: string): string {
  return `album:${album}`;
}

function pasteKey(message: TelegramMessage): string {
  const topic = message.is_topic_message ? message.message_thread_id : undefined;
  return ["paste", message.chat.id, topic, authorOf(message).id].join(":");
}

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
  const { text, entities } = writingOf(message);
  const first = entities.find(({ type, offset }) => type === "bot_command" && offset === 0);
  return first && text.slice(0, first.length);
}

function mentions(message: TelegramContent, self: Self) {
  const { text, entities } = writingOf(message);
  return entities.filter(({ type, offset, length, user }) => {
    if (type === "text_mention") return user?.id === self.id;
    const name = text.slice(offset, offset + length).toLowerCase();
    return type === "mention" && name === `@${self.username.toLowerCase()}`;
  });
}

/** The text without "@bot", neither as a mention nor at the end of a command. */
function withoutMention(message: TelegramMessage, self: Self): string {
  const { text } = writingOf(message);
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
