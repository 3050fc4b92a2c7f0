import { GrammyError, type Api } from "grammy";
import { LRUCache } from "lru-cache";
import type { ChatLine } from "./call-chat.ts";
import { inOrder } from "./in-order.ts";
import type { WritePacer } from "./pace-writes.ts";
import type { Room } from "./part-writer.ts";
import type { Part } from "./write-reply.ts";
import { signalOf } from "./signal-of.ts";

/** What is shown in a private chat while an answer is written, and leaves nothing behind. */
export type DraftWriter = {
  /** Whether drafts can be shown there, as far as is known. */
  isPossible(room: Room): boolean;
  /**
   * Shows the part for 30 seconds, or until a message comes; without one, that we think.
   *
   * @param canStop whether the person is offered a button that stops it
   * @returns false when drafts are not possible there, which is remembered
   * @throws ChannelError, or what the room's hold throws
   */
  show(room: Room, part: Part | undefined, canStop: boolean): Promise<boolean>;
  /** Resolves when no draft is on its way to the room: one that overtook a message would stay under it. Never rejects. */
  settled(room: Room): Promise<void>;
};

type Means = {
  readonly api: Api["raw"];
  readonly line: ChatLine;
  readonly pacer: Pick<WritePacer, "take">;
  /** How long a draft may be on its way. */
  readonly draftMs: number;
};

/**
 * Drafts by `sendMessageDraft` (for private chats of every bot since Bot API 9.5, with a stop button since 10.3). Drafts of one id
 * replace each other, so the turn's id names them: another instance goes on with the same draft.
 */
export function draftWriter(means: Means): DraftWriter {
  /** By chat; `everywhere`: the server does not know drafts. */
  const refused = new LRUCache<number, true>({ max: 10_000, ttl: refusedMs });
  const lanes = inOrder();

  return {
    isPossible: ({ chatId, isGroup }) => !isGroup && !refused.has(chatId) && !refused.has(everywhere),

    async show(room, part, canStop) {
      const outcome = await lanes.run(room.turn.message.room, () => send(room, part, canStop, means));
      if (outcome !== "shown") refused.set(outcome === "unknown" ? everywhere : room.chatId, true);
      return outcome === "shown";
    },

    settled: ({ turn }) => lanes.settled(turn.message.room),
  };
}

const everywhere = 0;
/** Telegram gives no reason that could be relied on, so it is tried again after a while. */
const refusedMs = 10 * 60_000;

/** "refused": the chat takes no drafts. "unknown": the server does not know them. */
type Sent = "shown" | "refused" | "unknown";

async function send(room: Room, part: Part | undefined, canStop: boolean, means: Means): Promise<Sent> {
  const { api, line, pacer, draftMs } = means;
  const { chatId, threadId, turn, hold } = room;
  const draft = {
    chat_id: chatId,
    ...(threadId !== undefined && { message_thread_id: threadId }),
    draft_id: Number(turn.id),
    ...(canStop && { can_stop: true, keep_on_stop: true }),
  };
  const deliver = (content: Pick<Part, "text" | "entities">) =>
    line.call(room, chatId, async (): Promise<Sent> => {
      const bound = signalOf(AbortSignal.timeout(draftMs));
      const said = api.sendMessageDraft({ ...draft, text: content.text, entities: [...content.entities] }, bound);
      return await said.then(() => "shown" as const, refusalOf);
    });
  if (part) await pacer.take(hold.signal);
  const outcome = await deliver(part ?? { text: "", entities: [] });
  if (outcome.kind === "formatting" && part) await deliver({ text: part.text, entities: [] });
  return outcome.kind === "done" ? outcome.value : "shown"; // what became of it is all one: the next one replaces it
}

/** @throws what says nothing about drafts: a pause, a blocked bot, a formatting */
function refusalOf(error: unknown): Sent {
  if (!(error instanceof GrammyError)) throw error;
  if (error.error_code === 404) return "unknown";
  if (error.error_code === 400 && !/entit(?:y|ies)|chat not found/i.test(error.description)) return "refused";
  throw error;
}
