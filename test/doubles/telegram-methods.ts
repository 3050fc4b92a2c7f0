import { z } from "zod";

/** What the double knows of the Bot API. Telegram ignores other parameters; the double records them as unknown. */
const chat_id = z.int();
const message_id = z.int();
const entities = z.array(
  z.strictObject({
    type: z.string(),
    offset: z.int(),
    length: z.int(),
    url: z.string().optional(),
    language: z.string().optional(),
  }),
);
const link_preview_options = z.strictObject({ is_disabled: z.boolean().optional() });
const button = z.strictObject({ text: z.string(), callback_data: z.string().optional(), url: z.string().optional() });
const reply_markup = z.strictObject({ inline_keyboard: z.array(z.array(button)) }).optional();
const scope = z
  .strictObject({ type: z.enum(["default", "all_private_chats", "all_group_chats", "all_chat_administrators"]) })
  .optional();
/** Two letters of ISO 639-1; empty: for everyone without a list of their own. */
const language_code = z.union([z.literal(""), z.string().regex(/^[a-z]{2}$/)]).optional();
const inlineResult = z.strictObject({
  type: z.literal("article"),
  id: z.string(),
  title: z.string(),
  description: z.string().optional(),
  input_message_content: z.strictObject({
    message_text: z.string(),
    entities: entities.optional(),
    link_preview_options: link_preview_options.optional(),
  }),
  reply_markup,
});
const allowed_updates = z.array(z.string());

export const methodParams = {
  getMe: z.strictObject({}),
  getUpdates: z.strictObject({
    offset: z.int().optional(),
    limit: z.int().min(1).max(100).optional(),
    timeout: z.int().min(0).max(50).optional(),
    allowed_updates: allowed_updates.optional(),
  }),
  setWebhook: z.strictObject({
    url: z.string(),
    secret_token: z
      .string()
      .regex(/^[\w-]{1,256}$/)
      .optional(),
    max_connections: z.int().min(1).max(100).optional(),
    allowed_updates: allowed_updates.optional(),
    drop_pending_updates: z.boolean().optional(),
  }),
  deleteWebhook: z.strictObject({ drop_pending_updates: z.boolean().optional() }),
  getWebhookInfo: z.strictObject({}),
  getMyCommands: z.strictObject({ scope, language_code }),
  setMyCommands: z.strictObject({
    commands: z
      .array(
        z.strictObject({ command: z.string().regex(/^[a-z0-9_]{1,32}$/), description: z.string().min(1).max(256) }),
      )
      .max(100),
    scope,
    language_code,
  }),
  getFile: z.strictObject({ file_id: z.string() }),
  sendMessage: z.strictObject({
    chat_id,
    text: z.string(),
    entities: entities.optional(),
    message_thread_id: z.int().optional(),
    link_preview_options: link_preview_options.optional(),
    reply_parameters: z.strictObject({ message_id, allow_sending_without_reply: z.boolean().optional() }).optional(),
    reply_markup,
  }),
  editMessageText: z.strictObject({
    chat_id: chat_id.optional(),
    message_id: message_id.optional(),
    inline_message_id: z.string().optional(),
    text: z.string(),
    entities: entities.optional(),
    link_preview_options: link_preview_options.optional(),
    reply_markup,
  }),
  editMessageMedia: z.strictObject({
    chat_id,
    message_id,
    media: z.strictObject({
      type: z.literal("document"),
      /** The field of the form that holds it. Ids and addresses of files are not known here. */
      media: z.templateLiteral(["attach://", z.string().min(1)]),
      caption: z.string().optional(),
      caption_entities: entities.optional(),
    }),
    reply_markup,
  }),
  editMessageReplyMarkup: z.strictObject({ chat_id, message_id, reply_markup }),
  sendMessageDraft: z.strictObject({
    chat_id,
    message_thread_id: z.int().optional(),
    draft_id: z.int(),
    text: z.string().optional(),
    entities: entities.optional(),
    can_stop: z.boolean().optional(),
    keep_on_stop: z.boolean().optional(),
  }),
  setMessageReaction: z.strictObject({
    chat_id,
    message_id,
    reaction: z.array(z.strictObject({ type: z.literal("emoji"), emoji: z.string() })).optional(),
  }),
  getChatMember: z.strictObject({ chat_id, user_id: z.int() }),
  answerInlineQuery: z.strictObject({
    inline_query_id: z.string(),
    results: z.array(inlineResult),
    is_personal: z.boolean().optional(),
    cache_time: z.int().min(0).optional(),
    button: z.strictObject({ text: z.string().min(1), start_parameter: z.string().regex(/^[\w-]{1,64}$/) }).optional(),
  }),
  answerGuestQuery: z.strictObject({ guest_query_id: z.string(), result: inlineResult }),
  deleteMessage: z.strictObject({ chat_id, message_id }),
  sendChatAction: z.strictObject({ chat_id, message_thread_id: z.int().optional(), action: z.literal("typing") }),
  answerCallbackQuery: z.strictObject({
    callback_query_id: z.string(),
    text: z.string().max(200).optional(),
    show_alert: z.boolean().optional(),
  }),
};

export type Method = keyof typeof methodParams;
export type Params<M extends Method> = z.output<(typeof methodParams)[M]>;

/** An answer of the Bot API that is not `ok`. */
export class Refused extends Error {
  readonly status: number;
  readonly parameters: Record<string, number> | undefined;

  constructor(status: number, message: string, parameters?: Record<string, number>) {
    super(message);
    this.status = status;
    this.parameters = parameters;
  }
}
