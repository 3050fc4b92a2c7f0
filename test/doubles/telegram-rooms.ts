import type { TelegramAudit } from "./telegram-audit.ts";
import { TelegramDrafts } from "./telegram-drafts.ts";
import { messageFault, type GivenEntity } from "./telegram-entities.ts";
import { checkKeyboard, type Keyboard } from "./telegram-keyboard.ts";
import type { TelegramFlood } from "./telegram-flood.ts";
import { Refused, type Params } from "./telegram-methods.ts";

export type PersonSpec = {
  readonly id: number;
  readonly is_bot?: boolean;
  readonly first_name?: string;
  readonly last_name?: string;
  readonly username?: string;
  readonly language_code?: string;
};

export type ChatSpec = {
  readonly id: number;
  readonly type?: "private" | "group" | "supergroup" | "channel";
  readonly title?: string;
  readonly is_forum?: boolean;
  /** Ids of the topics. Topics that people write in are added. */
  readonly topics?: readonly number[];
  /** Ids of those who run it. */
  readonly admins?: readonly number[];
  /** False: nobody may react to messages. */
  readonly allowsReactions?: false;
};

/** What a person writes. In a private chat `from` is the chat's person unless given. */
export type Said = {
  readonly chat: number | ChatSpec;
  readonly from?: number | PersonSpec;
  readonly text?: string;
  /** The id of the message that is answered. */
  readonly replyTo?: number;
  readonly quote?: string;
  readonly threadId?: number;
  /** Whatever else the message holds: `{ photo: [], caption: "Look" }`. */
  readonly extra?: Readonly<Record<string, unknown>>;
};

/** A message as a person sees it. */
export type Shown = {
  readonly id: number;
  readonly fromBot: boolean;
  readonly from: number;
  readonly text: string;
  readonly entities: readonly GivenEntity[];
  readonly threadId?: number;
  readonly replyTo?: number;
  /** What it shows; the text is its caption then. */
  readonly document?: Upload;
  /** Under a message of the bot's. */
  readonly buttons: Keyboard;
  /** What the bot reacted with. */
  readonly reactions: readonly string[];
  /** How often it was edited. */
  readonly edits: number;
};

/** A file as it was uploaded. */
export type Upload = { readonly name: string; readonly text: string };

type Chat = {
  /** As the bot was told of what people wrote, by id. */
  readonly said: Map<number, Readonly<Record<string, unknown>>>;
  readonly about: { id: number; type: string; title?: string; is_forum?: true; first_name?: string };
  readonly topics: Set<number>;
  readonly spec: ChatSpec;
  readonly messages: Map<number, Shown>;
  lastId: number;
  movedTo?: number;
};

const generalTopic = 1;

/** The chats of the double, with Telegram's rules about what a bot may write in them. */
export class TelegramRooms {
  readonly me: PersonSpec & { first_name: string; username: string };
  readonly blocked = new Set<number>();
  readonly drafts: TelegramDrafts;
  readonly #flood: TelegramFlood | undefined;
  readonly #audit: TelegramAudit;
  readonly #chats = new Map<number, Chat>();
  #lastId = 0;

  constructor(
    me: PersonSpec & { first_name: string; username: string },
    audit: TelegramAudit,
    flood: TelegramFlood | undefined,
  ) {
    this.me = me;
    this.#audit = audit;
    this.#flood = flood;
    this.drafts = new TelegramDrafts(flood !== undefined);
  }

  add(spec: ChatSpec): Chat {
    const { id, type = chatType(id), title, is_forum, topics = [] } = spec;
    const about = {
      id,
      type,
      ...(type === "private" ? { first_name: `Person ${id}` } : { title: title ?? `Group ${id}` }),
      ...(is_forum && { is_forum: true as const }),
    };
    const chat: Chat = { about, spec, topics: new Set(topics), messages: new Map(), said: new Map(), lastId: 0 };
    this.#chats.set(id, chat);
    return chat;
  }

  get ids(): readonly number[] {
    return [...this.#chats.keys()];
  }

  transcript(chatId: number): readonly Shown[] {
    return [...(this.#chats.get(chatId)?.messages.values() ?? [])];
  }

  remove(chatId: number, messageId: number): void {
    this.#chats.get(chatId)?.messages.delete(messageId);
  }

  /** Returns the service messages that say so: the last one of the group, and the first one of the supergroup. */
  migrate(chatId: number, newChatId: number) {
    const old = this.#chats.get(chatId) ?? this.add({ id: chatId });
    old.movedTo = newChatId;
    const from = { id: 1, is_bot: false, first_name: "Owner" };
    const service = (chat: Chat) => ({ message_id: this.#nextId(chat), from, chat: chat.about, date: now() });
    return [
      { ...service(old), migrate_to_chat_id: newChatId },
      { ...service(this.add({ id: newChatId, type: "supergroup" })), migrate_from_chat_id: chatId },
    ];
  }

  /** One count for all private chats and basic groups of the account, one for each supergroup. */
  #nextId(chat: Chat): number {
    if (chatType(chat.about.id) !== "supergroup") return ++this.#lastId;
    chat.lastId += 1;
    return chat.lastId;
  }

  say({ chat: where, from, text, replyTo, quote, threadId, extra }: Said) {
    const id = typeof where === "number" ? where : where.id;
    const chat = this.#chats.get(id) ?? this.add(typeof where === "number" ? { id } : where);
    const person = typeof from === "object" ? from : { id: from ?? id };
    const message_id = this.#nextId(chat);
    const words = text ?? (typeof extra?.["caption"] === "string" ? extra["caption"] : "");
    if (threadId !== undefined) chat.topics.add(threadId);
    chat.messages.set(message_id, {
      id: message_id,
      fromBot: false,
      from: person.id,
      text: words,
      entities: [],
      ...(threadId !== undefined && { threadId }),
      ...(replyTo !== undefined && { replyTo }),
      buttons: [],
      reactions: [],
      edits: 0,
    });
    const entities = detectEntities(words);
    const message = {
      message_id,
      from: { is_bot: false, first_name: `Person ${person.id}`, language_code: "en", ...person },
      chat: chat.about,
      date: now(),
      ...(text !== undefined ? { text, entities } : words !== "" && { caption_entities: entities }),
      ...this.#threadFields(chat, threadId, replyTo),
      ...(replyTo !== undefined && { reply_to_message: this.#asMessage(chat, replyTo) }),
      ...(quote !== undefined && { quote: { text: quote, position: 0, is_manual: true } }),
      ...extra,
    };
    chat.said.set(message_id, message);
    return { message, reachesBot: chat.about.type === "private" || this.#isForBot(chat, words, entities, replyTo) };
  }

  /** Someone changes the text of a message of theirs. */
  change(chatId: number, messageId: number, text: string) {
    const chat = this.#chat(chatId);
    const shown = chat.messages.get(messageId);
    const said = chat.said.get(messageId);
    if (!shown || !said) throw new Error("nobody wrote this message");
    chat.messages.set(messageId, { ...shown, text, edits: shown.edits + 1 });
    const entities = detectEntities(text);
    const words = said["caption"] === undefined ? { text, entities } : { caption: text, caption_entities: entities };
    chat.said.set(messageId, { ...said, ...words, edit_date: now() });
    return this.told(chatId, messageId);
  }

  /** What a bot is told of a message of somebody's, as it stands now. */
  told(chatId: number, messageId: number) {
    const chat = this.#chat(chatId);
    const shown = chat.messages.get(messageId);
    const message = chat.said.get(messageId);
    if (!shown || !message) throw new Error("nobody wrote this message");
    const { text, replyTo } = shown;
    return {
      message,
      reachesBot: chat.about.type === "private" || this.#isForBot(chat, text, detectEntities(text), replyTo),
    };
  }

  /** Someone presses the button of this label. */
  press(chatId: number, messageId: number, label: string, who: number | PersonSpec) {
    const chat = this.#chat(chatId);
    const person = typeof who === "object" ? who : { id: who };
    const button = chat.messages
      .get(messageId)
      ?.buttons.flat()
      .find(({ text }) => text === label);
    if (!button) throw new Error(`there is no button “${label}” under message ${messageId}`);
    const from = { is_bot: false, first_name: `Person ${person.id}`, language_code: "en", ...person };
    return { from, message: this.#asMessage(chat, messageId), chat_instance: "1", data: button.callback_data };
  }

  react({ chat_id, message_id, reaction = [] }: Params<"setMessageReaction">): true {
    const chat = this.#writable(chat_id);
    const message = chat.messages.get(message_id);
    if (!message) throw new Refused(400, "Bad Request: message to react not found");
    if (reaction.length > 1) throw new Refused(400, "Bad Request: REACTIONS_TOO_MANY");
    if (reaction.some(({ emoji }) => chat.spec.allowsReactions === false || !botReactions.has(emoji)))
      throw new Refused(400, "Bad Request: REACTION_INVALID");
    chat.messages.set(message_id, { ...message, reactions: reaction.map(({ emoji }) => emoji) });
    return true;
  }

  member({ chat_id, user_id }: Params<"getChatMember">) {
    const chat = this.#chat(chat_id);
    const wrote = [...chat.messages.values()].some(({ from }) => from === user_id);
    const runs = chat.spec.admins?.includes(user_id) ?? false;
    if (!wrote && !runs) throw new Refused(400, "Bad Request: PARTICIPANT_ID_INVALID");
    const user = { id: user_id, is_bot: false, first_name: `Person ${user_id}` };
    return { status: runs ? "administrator" : "member", user };
  }

  draft(params: Params<"sendMessageDraft">): true {
    const chat = this.#writable(params.chat_id);
    const thread = params.message_thread_id;
    if (thread !== undefined && !chat.topics.has(thread))
      throw new Refused(400, "Bad Request: message thread not found");
    return this.drafts.show(params);
  }

  /** The person presses the stop button of a draft. */
  stop(chatId: number, threadId: number | undefined) {
    const draft = this.drafts.in(chatId, threadId);
    if (!draft?.canStop) throw new Error("there is no draft that can be stopped");
    if (!draft.keepOnStop) this.drafts.end(chatId, threadId);
    const { about: chat } = this.#chat(chatId);
    return { chat, ...(threadId !== undefined && { message_thread_id: threadId }), draft_id: draft.draftId };
  }

  send(params: Params<"sendMessage">) {
    const { text, entities = [], message_thread_id: threadId, reply_parameters: reply } = params;
    const chat = this.#writable(params.chat_id);
    // "message thread not found" is also what Telegram says of the General topic, and of chats without topics.
    if (threadId !== undefined && !chat.topics.has(threadId))
      throw new Refused(400, "Bad Request: message thread not found");
    const repliesTo = reply && chat.messages.has(reply.message_id) ? reply.message_id : undefined;
    if (reply && repliesTo === undefined && !reply.allow_sending_without_reply)
      throw new Refused(400, "Bad Request: message to be replied not found");
    validate(text, entities);
    const buttons = checkKeyboard(params.reply_markup);
    this.#count(params.chat_id);

    const id = this.#nextId(chat);
    const thread = threadId ?? (repliesTo === undefined ? undefined : chat.messages.get(repliesTo)?.threadId);
    chat.messages.set(id, {
      id,
      fromBot: true,
      from: this.me.id,
      text,
      entities,
      ...(thread !== undefined && { threadId: thread }),
      ...(repliesTo !== undefined && { replyTo: repliesTo }),
      buttons,
      reactions: [],
      edits: 0,
    });
    this.drafts.end(params.chat_id, threadId);
    this.#audit.note({ chat: params.chat_id, messageId: id, kind: "sent", text });
    return this.#asMessage(chat, id);
  }

  /** Without buttons it has none afterwards. */
  edit({ chat_id, message_id, text, entities = [], reply_markup }: Params<"editMessageText">) {
    if (chat_id === undefined || message_id === undefined)
      throw new Refused(400, "Bad Request: message identifier is not specified");
    const { chat, message } = this.#own(chat_id, message_id);
    if (message.document) throw new Refused(400, "Bad Request: there is no text in the message to edit");
    validate(text, entities);
    const buttons = checkKeyboard(reply_markup);
    const [before, after] = [message, { text, entities, buttons }].map((one) =>
      JSON.stringify([one.text, one.entities, one.buttons]),
    );
    if (before === after) throw notModified();
    this.#count(chat_id);
    chat.messages.set(message_id, { ...message, text, entities, buttons, edits: message.edits + 1 });
    this.#audit.note({ chat: chat_id, messageId: message_id, kind: "edited", text });
    return this.#asMessage(chat, message_id);
  }

  editButtons({ chat_id, message_id, reply_markup }: Params<"editMessageReplyMarkup">) {
    const { chat, message } = this.#own(chat_id, message_id);
    const buttons = checkKeyboard(reply_markup);
    if (JSON.stringify(message.buttons) === JSON.stringify(buttons)) throw notModified();
    this.#count(chat_id);
    chat.messages.set(message_id, { ...message, buttons });
    return this.#asMessage(chat, message_id);
  }

  /** Replaces a text too. A new upload is never the same as what was there. */
  editMedia(
    { chat_id, message_id, media, reply_markup }: Params<"editMessageMedia">,
    uploads: ReadonlyMap<string, Upload>,
  ) {
    const { chat, message } = this.#own(chat_id, message_id);
    const { caption: text = "", caption_entities: entities = [] } = media;
    const document = uploads.get(media.media.slice("attach://".length));
    if (!document) throw new Refused(400, "Bad Request: wrong file identifier/HTTP URL specified");
    if (document.text === "") throw new Refused(400, "Bad Request: file must be non-empty");
    if (document.name === "") throw new Refused(400, "Bad Request: the file has no name");
    if (Buffer.byteLength(document.text) > 50 * 1_000_000) throw new Refused(413, "Request Entity Too Large");
    if (text.length > 1024) throw new Refused(400, "Bad Request: message caption is too long");
    validate(text, entities);
    const buttons = checkKeyboard(reply_markup);
    this.#count(chat_id);
    chat.messages.set(message_id, { ...message, text, entities, buttons, document, edits: message.edits + 1 });
    this.#audit.note({ chat: chat_id, messageId: message_id, kind: "edited", text });
    return this.#asMessage(chat, message_id);
  }

  delete({ chat_id, message_id }: Params<"deleteMessage">): true {
    const chat = this.#writable(chat_id);
    const message = chat.messages.get(message_id);
    if (!message) throw new Refused(400, "Bad Request: message to delete not found");
    if (!message.fromBot) throw new Refused(400, "Bad Request: message can't be deleted");
    chat.messages.delete(message_id);
    this.#audit.note({ chat: chat_id, messageId: message_id, kind: "deleted", text: message.text });
    return true;
  }

  act({ chat_id, message_thread_id: threadId }: Params<"sendChatAction">): true {
    const chat = this.#writable(chat_id);
    const known =
      threadId === undefined || (threadId === generalTopic ? chat.about.is_forum : chat.topics.has(threadId));
    if (!known) throw new Refused(400, "Bad Request: message thread not found");
    return true;
  }

  /** A message that the bot may edit. */
  #own(chatId: number, messageId: number): { readonly chat: Chat; readonly message: Shown } {
    const chat = this.#writable(chatId);
    const message = chat.messages.get(messageId);
    if (!message) throw new Refused(400, "Bad Request: message to edit not found");
    if (!message.fromBot) throw new Refused(400, "Bad Request: message can't be edited");
    return { chat, message };
  }

  #chat(chatId: number): Chat {
    const chat = this.#chats.get(chatId);
    if (!chat) throw new Refused(400, "Bad Request: chat not found");
    return chat;
  }

  #writable(chatId: number): Chat {
    const chat = this.#chat(chatId);
    if (chat.movedTo !== undefined)
      throw new Refused(400, "Bad Request: group chat was upgraded to a supergroup chat", {
        migrate_to_chat_id: chat.movedTo,
      });
    if (!this.blocked.has(chatId)) return chat;
    const reason = chatId > 0 ? "bot was blocked by the user" : `bot was kicked from the ${chat.about.type} chat`;
    throw new Refused(403, `Forbidden: ${reason}`);
  }

  #count(chatId: number): void {
    const retry_after = this.#flood?.count(chatId, Date.now());
    if (retry_after !== undefined)
      throw new Refused(429, `Too Many Requests: retry after ${retry_after}`, { retry_after });
  }

  /** In topics each message carries the topic, and answers its creation if nothing else. Elsewhere a reply carries a thread too. */
  #threadFields(chat: Chat, threadId: number | undefined, replyTo: number | undefined) {
    if (threadId === undefined)
      return replyTo !== undefined && chat.about.type === "supergroup" && !chat.about.is_forum
        ? { message_thread_id: replyTo }
        : {};
    const creation = {
      message_id: threadId,
      from: this.me,
      chat: chat.about,
      date: 1,
      forum_topic_created: { name: `Topic ${threadId}`, icon_color: 1 },
    };
    return { message_thread_id: threadId, is_topic_message: true, reply_to_message: creation };
  }

  #asMessage(chat: Chat, messageId: number) {
    const message = chat.messages.get(messageId);
    if (!message) return undefined;
    const from = message.fromBot ? this.me : { id: message.from, is_bot: false, first_name: `Person ${message.from}` };
    const { text, entities, document } = message;
    const content = document
      ? { document: { file_name: document.name }, caption: text, caption_entities: entities }
      : { text, entities };
    const { threadId } = message;
    const topic = threadId !== undefined && { message_thread_id: threadId, is_topic_message: true };
    return { message_id: messageId, from, chat: chat.about, date: now(), ...topic, ...content };
  }

  /** Privacy mode: commands, mentions and replies; a bare command only after the bot has written. */
  #isForBot(chat: Chat, text: string, entities: readonly GivenEntity[], replyTo: number | undefined): boolean {
    const names = entities.map(({ offset, length }) => text.slice(offset, offset + length).toLowerCase());
    const name = `@${this.me.username.toLowerCase()}`;
    const hasWritten = [...chat.messages.values()].some(({ fromBot }) => fromBot);
    if (replyTo !== undefined && chat.messages.get(replyTo)?.fromBot) return true;
    return names.some((one) => one.endsWith(name) || (hasWritten && one.startsWith("/") && !one.includes("@")));
  }
}

/** Some of those that bots may use. */
const botReactions = new Set(["👍", "👎", "❤", "🔥", "🎉", "👀", "🤔", "👌", "✍"]);

function notModified(): Refused {
  const why =
    "specified new message content and reply markup are exactly the same as a current content and reply markup";
  return new Refused(400, `Bad Request: message is not modified: ${why} of the message`);
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}

function chatType(id: number): "private" | "group" | "supergroup" {
  if (id > 0) return "private";
  return id < -1_000_000_000_000 ? "supergroup" : "group";
}

function detectEntities(text: string): GivenEntity[] {
  const found = [...text.matchAll(/(?<![\w/@])(?:\/\w{1,64}(?:@\w+)?|@\w{3,})/g)];
  return found.map((match) => ({
    type: match[0].startsWith("/") ? "bot_command" : "mention",
    offset: match.index,
    length: match[0].length,
  }));
}

function validate(text: string, entities: readonly GivenEntity[]): void {
  const fault = messageFault(text, entities);
  if (fault) throw new Refused(400, `Bad Request: ${fault}`);
}
