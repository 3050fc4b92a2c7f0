import { hash } from "node:crypto";
import type { Api } from "grammy";
import type { MessageEntity } from "grammy/types";
import { LRUCache } from "lru-cache";
import { ChannelError } from "../../conversation/domain/errors.ts";
import type { Channel } from "../../conversation/ports/channel.ts";
import { readError } from "./read-error.ts";
import { generalTopic } from "./read-message.ts";
import { telegramAddress, type TelegramAddress } from "./telegram-address.ts";
import { writeReply, type Part } from "./write-reply.ts";

type TelegramApi = Api["raw"];

/** What one process remembers to spare calls. Forgetting any of it costs a call, nothing else. */
type Memory = {
  /** By chat: when it may be called again. Calling during a ban prolongs it. */
  readonly quietUntilMs: LRUCache<number, number>;
  /** The supergroups that groups have become. */
  readonly moves: LRUCache<number, number>;
  /** By group: when it was last written to. */
  readonly written: LRUCache<number, readonly number[]>;
  /** By chat and message: a fingerprint of what it shows. */
  readonly showing: LRUCache<string, string>;
};

type Room = TelegramAddress & { readonly isGroup: boolean; readonly api: TelegramApi; readonly memory: Memory };

/**
 * Makes `Channel.show` for Telegram. Edits are safe to repeat: one that changes nothing is refused as "not modified",
 * which counts as success. A first send is not, as there is no idempotency key: after a timeout or a reset, it may have arrived.
 */
export function replyShower(api: TelegramApi): Channel["show"] {
  const memory: Memory = {
    quietUntilMs: new LRUCache({ max: 10_000 }),
    moves: new LRUCache({ max: 1_000 }),
    written: new LRUCache({ max: 1_000 }),
    showing: new LRUCache({ max: 5_000 }),
  };

  return async (turn, reply, note, hold) => {
    const room: Room = { ...telegramAddress(turn.message), isGroup: turn.message.audience === "group", api, memory };
    const isDraft = reply.end === undefined;
    const parts = writeReply(reply);
    hold.check();
    if (isDraft && (parts.length === 0 || parts.length < turn.shown.length)) {
      await showTyping(room);
      return turn.shown;
    }
    if (isDraft && isBusy(room)) return turn.shown;

    const shown = [...turn.shown];
    for (const [index, part] of parts.entries()) {
      if (isDraft && index < turn.shown.length - 1) continue; // the parts before the growing one stand since the last draft
      hold.check();
      const before = shown[index];
      const now = (before && (await edit(room, before, part))) ?? (await send(room, part, index === 0));
      shown[index] = now;
      if (now !== before && index < parts.length - 1) await note([...shown]);
    }
    while (shown.length > parts.length) {
      hold.check();
      await remove(room, shown.pop() ?? "");
    }
    return shown;
  };
}

async function showTyping(room: Room): Promise<void> {
  await call(room, (chat_id) =>
    room.api.sendChatAction({ chat_id, action: "typing", ...threadOf(room, { general: true }) }),
  );
}

/**
 * A group takes 20 messages and edits a minute from a bot, whoever asked: drafts leave some of them to the answers. Actions
 * are not counted.
 */
function isBusy({ isGroup, chatId, memory }: Room): boolean {
  return isGroup && recentWrites(memory, chatId).length >= groupDraftsMax;
}

const groupDraftsMax = 12;

function recentWrites({ written }: Memory, chatId: number): readonly number[] {
  const sinceMs = Date.now() - 60_000;
  return (written.get(chatId) ?? []).filter((atMs) => atMs > sinceMs);
}

/** The General topic is named for an action, and must not be named for a message. */
function threadOf({ threadId }: Room, { general }: { general: boolean }) {
  return threadId === undefined || (threadId === generalTopic && !general) ? {} : { message_thread_id: threadId };
}

async function send(room: Room, part: Part, isFirst: boolean): Promise<string> {
  const question = { reply_parameters: { message_id: room.messageId, allow_sending_without_reply: true } };
  const outcome = await formattedOrPlain(part, (content) =>
    call(room, (chat_id) =>
      room.api.sendMessage({
        chat_id,
        ...content,
        ...threadOf(room, { general: false }),
        ...(isFirst && room.isGroup && question),
      }),
    ),
  );
  if (outcome.kind !== "done")
    throw new ChannelError(`Telegram refused a message (${outcome.kind})`, { retryable: false });
  const id = String(outcome.value.message_id);
  remember(room, id, part);
  return id;
}

/** @returns the id, or undefined when the message cannot be edited and must be sent anew */
async function edit(room: Room, id: string, part: Part): Promise<string | undefined> {
  if (room.memory.showing.get(`${room.chatId}/${id}`) === fingerprint(part)) return id;
  const outcome = await formattedOrPlain(part, (content) =>
    call(room, (chat_id) => room.api.editMessageText({ chat_id, message_id: Number(id), ...content })),
  );
  if (outcome.kind === "gone") return undefined;
  remember(room, id, part);
  return id;
}

async function remove(room: Room, id: string): Promise<void> {
  await call(room, (chat_id) => room.api.deleteMessage({ chat_id, message_id: Number(id) }));
  room.memory.showing.delete(`${room.chatId}/${id}`);
}

type Content = { text: string; entities: MessageEntity[]; link_preview_options: { is_disabled: true } };

/** If the formatting is refused, the same text goes out plain. */
async function formattedOrPlain<T>(
  { text, entities }: Part,
  deliver: (content: Content) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  // Telegram would fetch the links' previews, and a URL in a model's text can carry data out.
  const content: Content = { text, entities: [...entities], link_preview_options: { is_disabled: true } };
  const outcome = await deliver(content);
  return outcome.kind === "formatting" ? deliver({ ...content, entities: [] }) : outcome;
}

function remember({ memory, chatId, isGroup }: Room, id: string, part: Part): void {
  memory.showing.set(`${chatId}/${id}`, fingerprint(part));
  if (isGroup) memory.written.set(chatId, [...recentWrites(memory, chatId), Date.now()].slice(-groupDraftsMax));
}

function fingerprint(part: Part): string {
  return hash("sha1", JSON.stringify(part), "base64");
}

type Outcome<T> = { readonly kind: "done"; readonly value: T } | { readonly kind: "already" | "gone" | "formatting" };

/**
 * Calls the platform for a room, under the id that its chat has now.
 *
 * @throws ChannelError at once, without a call, while the chat must not be called
 */
async function call<T>(room: Room, request: (chatId: number) => Promise<T>): Promise<Outcome<T>> {
  const { chatId, memory } = room;
  const waitMs = (memory.quietUntilMs.get(chatId) ?? 0) - Date.now();
  if (waitMs > 0)
    throw new ChannelError("Telegram asked for a pause in this chat", { retryable: true, retryAfterMs: waitMs });

  try {
    return { kind: "done", value: await request(memory.moves.get(chatId) ?? chatId) };
  } catch (error) {
    const refusal = readError(error);
    switch (refusal.kind) {
      case "already":
      case "gone":
      case "formatting":
        return refusal;
      case "moved":
        if (memory.moves.has(chatId)) throw new ChannelError("Telegram moved the chat twice", { retryable: false });
        memory.moves.set(chatId, refusal.chatId);
        return call(room, request);
      case "unauthorized": // the reply waits for the operator, who reads the reason from `listen` as well
        throw new ChannelError(refusal.error.message, { retryable: true, retryAfterMs: unauthorizedPauseMs });
      case "conflict":
        throw refusal.error;
      case "failed":
        if (refusal.error.retryAfterMs > 0) memory.quietUntilMs.set(chatId, Date.now() + refusal.error.retryAfterMs);
        throw refusal.error;
      default:
        return refusal satisfies never;
    }
  }
}

const unauthorizedPauseMs = 60_000;
