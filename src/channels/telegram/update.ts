import { z } from "zod";

/** What is read of Telegram's updates (Bot API 10). All else is dropped, and what has another shape is refused. */

const user = z.object({
  id: z.int(),
  is_bot: z.boolean(),
  first_name: z.string().default(""),
  last_name: z.string().optional(),
  username: z.string().optional(),
  language_code: z.string().optional(),
});

const chat = z.object({
  id: z.int(),
  type: z.enum(["private", "group", "supergroup", "channel"]),
  title: z.string().optional(),
  first_name: z.string().optional(),
  last_name: z.string().optional(),
  is_forum: z.boolean().optional(),
});

/** Offset and length count UTF-16 units, as JavaScript does. */
const entity = z.object({
  type: z.string(),
  offset: z.int().min(0),
  length: z.int().min(0),
  user: z.object({ id: z.int() }).optional(),
});

const file = z.object({
  file_id: z.string(),
  file_size: z.int().optional(),
  mime_type: z.string().optional(),
  file_name: z.string().optional(),
});
/** One picture in several sizes. */
const photo = z.array(file.extend({ width: z.int() }));

/** What a message can hold besides words: one of these, and for older programs a second one that says the same. */
const media = z.object({
  animation: file.optional(),
  audio: file.extend({ title: z.string().optional() }).optional(),
  document: file.optional(),
  live_photo: file.extend({ photo: photo.optional() }).optional(),
  photo: photo.optional(),
  video: file.optional(),
  video_note: file.optional(),
  voice: file.optional(),
  sticker: z.object({ emoji: z.string().optional() }).optional(),
  contact: z.object({ first_name: z.string(), last_name: z.string().optional() }).optional(),
  dice: z.object({ emoji: z.string(), value: z.int() }).optional(),
  poll: z.object({ question: z.string() }).optional(),
  venue: z.object({ title: z.string(), address: z.string() }).optional(),
  location: z.object({ latitude: z.number(), longitude: z.number() }).optional(),
  checklist: z.object({ title: z.string() }).optional(),
  game: z.object({ title: z.string() }).optional(),
  paid_media: z.unknown().optional(),
  story: z.unknown().optional(),
});

const content = media.extend({
  message_id: z.int(),
  from: user.optional(),
  sender_chat: chat.optional(),
  chat,
  date: z.int(),
  text: z.string().optional(),
  entities: z.array(entity).optional(),
  caption: z.string().optional(),
  caption_entities: z.array(entity).optional(),
  forum_topic_created: z.unknown().optional(),
});

const origin = z.object({
  sender_user: user.optional(),
  sender_user_name: z.string().optional(),
  sender_chat: chat.optional(),
  chat: chat.optional(),
});

const message = content.extend({
  message_thread_id: z.int().optional(),
  is_topic_message: z.boolean().optional(),
  is_automatic_forward: z.boolean().optional(),
  author_signature: z.string().optional(),
  via_bot: z.unknown().optional(),
  edit_date: z.int().optional(),
  /** Of someone who called us into a chat that we are no member of. */
  guest_query_id: z.string().optional(),
  /** The album that it belongs to. */
  media_group_id: z.string().optional(),
  forward_origin: origin.optional(),
  reply_to_message: content.optional(),
  quote: z.object({ text: z.string() }).optional(),
  external_reply: media.extend({ origin }).optional(),
  /** The group became this supergroup; the other one is said there. */
  migrate_to_chat_id: z.int().optional(),
  migrate_from_chat_id: z.int().optional(),
});

const callbackQuery = z.object({
  id: z.string(),
  from: user,
  /** The message with the button. Its date is 0 when Telegram no longer has it. */
  message: z
    .object({
      message_id: z.int(),
      chat,
      message_thread_id: z.int().optional(),
      is_topic_message: z.boolean().optional(),
    })
    .optional(),
  data: z.string().optional(),
});

/** The person has pressed the button that a draft offers. */
const stopped = z.object({ chat, message_thread_id: z.int().optional(), draft_id: z.int() });

/** Someone types "@bot question" in any chat. */
const inlineQuery = z.object({ id: z.string(), from: user, query: z.string() });

/** And has sent what was offered. */
const chosen = z.object({ from: user, query: z.string(), inline_message_id: z.string().optional() });

export const updateSchema = z.object({
  update_id: z.int(),
  message: message.optional(),
  edited_message: message.optional(),
  callback_query: callbackQuery.optional(),
  stopped_message_generation: stopped.optional(),
  guest_message: message.optional(),
  inline_query: inlineQuery.optional(),
  chosen_inline_result: chosen.optional(),
});

export type TelegramUpdate = z.output<typeof updateSchema>;
export type TelegramUser = z.output<typeof user>;
export type TelegramMedia = z.output<typeof media>;
export type TelegramOrigin = z.output<typeof origin>;
export type TelegramMessage = z.output<typeof message>;
export type TelegramContent = z.output<typeof content>;
export type TelegramInlineQuery = z.output<typeof inlineQuery>;
export type TelegramChosen = z.output<typeof chosen>;
export type TelegramStopped = z.output<typeof stopped>;
export type TelegramCallback = z.output<typeof callbackQuery>;
