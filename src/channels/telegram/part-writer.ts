import { hash } from "node:crypto";
import { type Api, InputFile } from "grammy";
import type { InlineKeyboardMarkup, InputMediaDocument, MessageEntity } from "grammy/types";
import { LRUCache } from "lru-cache";
import { ChannelError } from "../../conversation/domain/errors.ts";
import type { ReplyFile } from "../../conversation/domain/reply.ts";
import type { Turn } from "../../conversation/domain/turn.ts";
import type { Hold } from "../../conversation/ports/channel.ts";
import type { ChatLine, Outcome } from "./call-chat.ts";
import type { WritePacer } from "./pace-writes.ts";
import { type PartPlace, readPart } from "./part-id.ts";
import { writePress } from "./press-data.ts";
import { generalTopic } from "./read-message.ts";
import type { GroupWrites } from "./share-writes.ts";
import { signalOf } from "./signal-of.ts";
import type { TelegramAddress } from "./telegram-address.ts";
import type { Part } from "./write-reply.ts";

/** Where a turn's reply goes, and whether it still may. */
export type Room = TelegramAddress & { readonly turn: Turn; readonly hold: Hold; readonly isGroup: boolean };

/** Writes single parts. Every call throws ChannelError, or what the room's hold throws. */
export type PartWriter = {
  /** Sends the part's text once; `edit` adds its file. "unheard": it may have arrived. `isFirst`: it says what it answers, in a group. */
  send(room: Room, part: Part, isFirst: boolean): Promise<Sent>;
  /** Safe to repeat. Undefined when there is no such message of ours any more. */
  edit(room: Room, id: string, part: Part): Promise<string | undefined>;
  /** Makes a message show the part's text, if it is one of ours: "done", or "already" when it did. */
  claim(room: Room, messageId: number, part: Part): Promise<Outcome<unknown>>;
  /** Safe to repeat. */
  remove(room: Room, id: string): Promise<void>;
  /** Takes the buttons of an earlier answer's away. Safe to repeat. */
  clearButtons(room: Room, id: string): Promise<void>;
  showTyping(room: Room): Promise<void>;
  /** Whether drafts had better be skipped. */
  isBusy(room: Room): boolean;
};

export type Sent = { readonly kind: "done"; readonly place: PartPlace } | Extract<Outcome<never>, { kind: "unheard" }>;

/** What the process remembers to spare calls. */
type Means = {
  readonly api: Api["raw"];
  readonly line: ChatLine;
  readonly pacer: WritePacer;
  readonly writes: GroupWrites;
  /** By chat and message: a fingerprint of what it shows. */
  readonly showing: LRUCache<string, string>;
};

export function partWriter(shared: Omit<Means, "showing">): PartWriter {
  const means: Means = { ...shared, showing: new LRUCache({ max: 5_000 }) };
  const { api, line, pacer, writes, showing } = means;

  return {
    send: (room, part, isFirst) => send(room, part, isFirst, means),

    async edit(room, id, part) {
      const place = readPart(id, room.chatId);
      if (showing.get(keyOf(place)) === fingerprint(room, part)) return id;
      await pacer.take(room.hold.signal);
      const outcome = await editAt(room, place, part, means);
      if (outcome.kind === "unheard") throw outcome.error;
      if (outcome.kind === "textless") {
        await remove(room, place, means); // a file cannot become a text
        return undefined;
      }
      // What a group showed stays behind when it becomes a supergroup.
      return outcome.kind === "gone" || outcome.kind === "moved" ? undefined : id;
    },

    async claim(room, messageId, part) {
      const outcome = await editAt(room, { chatId: room.chatId, messageId }, textOf(part), means);
      return outcome.kind === "textless" ? { kind: "gone" } : outcome; // a part with a file is known before it has it
    },

    remove: (room, id) => remove(room, readPart(id, room.chatId), means),

    async clearButtons(room, id) {
      const place = readPart(id, room.chatId);
      showing.delete(keyOf(place));
      const outcome = await line.call(room, place.chatId, () =>
        api.editMessageReplyMarkup({ chat_id: place.chatId, message_id: place.messageId }),
      );
      if (outcome.kind === "done") noteWrite(room, place, means);
    },

    async showTyping(room) {
      const chat_id = line.idNow(room.chatId);
      const thread = threadOf(room, { general: true });
      await line.call(room, chat_id, () => api.sendChatAction({ chat_id, action: "typing", ...thread }));
    },

    isBusy: (room) => pacer.isLow() || (room.isGroup && writes.lastMinute(line.idNow(room.chatId)) >= groupDraftsMax),
  };
}

/** A group takes 20 messages and edits a minute from a bot, whoever asked and in whatever topic: drafts leave some of them to the answers. Actions are not counted. */
const groupDraftsMax = 12;

async function send(room: Room, whole: Part, isFirst: boolean, means: Means): Promise<Sent> {
  const { api, line, pacer } = means;
  const part = textOf(whole);
  const keyboard = keyboardOf(room, part);
  for (let moves = 0; ; moves += 1) {
    const chatId = line.idNow(room.chatId);
    const extras = { ...threadOf(room, { general: false }), ...(isFirst && questionOf(room, chatId)) };
    await pacer.take(room.hold.signal);
    const outcome = await formattedOrPlain(part, (content) =>
      line.call(room, chatId, () => api.sendMessage({ chat_id: chatId, ...content, ...keyboard, ...quiet, ...extras })),
    );
    if (outcome.kind === "unheard") return outcome;
    if (outcome.kind === "done") {
      const place = { chatId, messageId: outcome.value.message_id };
      remember(room, place, part, means);
      return { kind: "done", place };
    }
    if (outcome.kind !== "moved" || moves > 0)
      throw new ChannelError(`Telegram refused a message (${outcome.kind})`, { retryable: false });
  }
}

async function editAt(room: Room, place: PartPlace, part: Part, means: Means): Promise<Outcome<unknown>> {
  const { api, line, showing } = means;
  const at = { chat_id: place.chatId, message_id: place.messageId, ...keyboardOf(room, part) };
  showing.delete(keyOf(place)); // if nobody answers, it shows the one or the other
  const outcome = await formattedOrPlain(part, (content) =>
    line.call<unknown>(room, place.chatId, () =>
      part.file
        ? api.editMessageMedia({ ...at, media: documentOf(part.file, content) }, signalOf(room.hold.signal))
        : api.editMessageText({ ...at, ...content, ...quiet }),
    ),
  );
  if (outcome.kind === "done" || outcome.kind === "already") remember(room, place, part, means);
  return outcome;
}

async function remove(room: Room, place: PartPlace, { api, line, showing }: Means): Promise<void> {
  const outcome = await line.call(room, place.chatId, () =>
    api.deleteMessage({ chat_id: place.chatId, message_id: place.messageId }),
  );
  if (outcome.kind === "unheard") throw outcome.error;
  showing.delete(keyOf(place));
}

function textOf({ text, entities, buttons, askerId }: Part): Part {
  return { text, entities, ...(buttons && { buttons }), ...(askerId !== undefined && { askerId }) };
}

/** An edit without one takes the buttons away. */
function keyboardOf({ turn }: Room, { buttons, askerId }: Part): { reply_markup?: InlineKeyboardMarkup } {
  if (!buttons) return {};
  const asker = askerId ?? turn.message.author.id;
  const press = { turnId: turn.id, ...(/^\d+$/.test(asker) && { askerId: asker }) };
  const inline_keyboard = buttons.map((row) =>
    row.map(({ label, command }) => ({ text: label, callback_data: writePress({ ...press, command }) })),
  );
  return { reply_markup: { inline_keyboard } };
}

/** Turns a text into a file with that text under it, too. */
function documentOf({ name, text }: ReplyFile, content: Content): InputMediaDocument {
  const media = new InputFile(Buffer.from(text), name);
  return { type: "document", media, caption: content.text, caption_entities: content.entities };
}

type Content = { readonly text: string; readonly entities: MessageEntity[] };

/** Telegram would fetch the links' previews, and a URL in a model's text can carry data out. */
const quiet = { link_preview_options: { is_disabled: true } };

/** If the formatting is refused, the same text goes out plain. */
async function formattedOrPlain<T>(
  { text, entities }: Part,
  deliver: (content: Content) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const outcome = await deliver({ text, entities: [...entities] });
  return outcome.kind === "formatting" ? deliver({ text, entities: [] }) : outcome;
}

/** The General topic is named for an action, and must not be named for a message. */
function threadOf({ threadId }: Room, { general }: { general: boolean }) {
  return threadId === undefined || (threadId === generalTopic && !general) ? {} : { message_thread_id: threadId };
}

/** In a group the answer says what it answers. The question's id means nothing in another chat. */
function questionOf({ isGroup, chatId, messageId }: Room, chatIdNow: number) {
  if (!isGroup || messageId === undefined || chatIdNow !== chatId) return {};
  return { reply_parameters: { message_id: messageId, allow_sending_without_reply: true } };
}

function remember(room: Room, place: PartPlace, part: Part, means: Means): void {
  means.showing.set(keyOf(place), fingerprint(room, part));
  noteWrite(room, place, means);
}

function noteWrite({ isGroup }: Room, place: PartPlace, { pacer, writes }: Means): void {
  pacer.passed();
  if (isGroup) writes.note(place.chatId);
}

function keyOf({ chatId, messageId }: PartPlace): string {
  return `${chatId}/${messageId}`;
}

/** Buttons name their turn, so the same words of another turn are not the same. */
function fingerprint(room: Room, part: Part): string {
  return hash("sha1", JSON.stringify([part, part.buttons && room.turn.id]), "base64");
}
