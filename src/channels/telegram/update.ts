import { z } from "zod";

/** What is read of Telegram's updates (Bot API 10). All else is dropped, and what has another shape is refused. */

const user = z.object({
  id: z.int(),
  is_bot: z.boolean(),
  first_name: z.string().default(""),
  last_name: z.string().optional(),
  username: z.string().optional(),
});

const chat = z.object({
  id: z.int(),
  type: z.enum(["private", "group", "supergroup", "channel"]),
  title: z.string().optional(),
  is_forum: z.boolean().optional(),
});

/** Offset and length count UTF-16 units, as JavaScript does. */
const entity = z.object({
  type: z.string(),
  offset: z.int().min(0),
  length: z.int().min(0),
  user: z.object({ id: z.int() }).optional(),
});

/** Each kind of content by its field, and how it is called in a sentence. The first one present names a message. */
export const mediaNames = {
  animation: "an animation",
  audio: "an audio file",
  live_photo: "a live photo",
  paid_media: "paid media",
  photo: "a photo",
  sticker: "a sticker",
  story: "a story",
  video: "a video",
  video_note: "a video note",
  voice: "a voice message",
  document: "a file",
  contact: "a contact",
  dice: "a dice",
  game: "a game",
  poll: "a poll",
  checklist: "a checklist",
  venue: "a place",
  location: "a location",
} as const;

const media = Object.fromEntries(Object.keys(mediaNames).map((kind) => [kind, z.unknown().optional()])) as {
  [K in keyof typeof mediaNames]: z.ZodOptional<z.ZodUnknown>;
};

const content = z.object({
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
  ...media,
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
  reply_to_message: content.optional(),
  quote: z.object({ text: z.string() }).optional(),
  external_reply: z.object({ origin }).optional(),
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

export const updateSchema = z.object({
  update_id: z.int(),
  message: message.optional(),
  callback_query: callbackQuery.optional(),
});

export type TelegramUpdate = z.output<typeof updateSchema>;
export type TelegramMessage = z.output<typeof message>;
export type TelegramContent = z.output<typeof content>;
export type TelegramCallback = z.output<typeof callbackQuery>;
