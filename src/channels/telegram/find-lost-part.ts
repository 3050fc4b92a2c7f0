import type { Turn } from "../../conversation/domain/turn.ts";
import type { Outcome } from "./call-chat.ts";
import type { MessageIds } from "./message-ids.ts";
import { readPart } from "./part-id.ts";
import type { Doubt } from "./send-doubts.ts";
import type { TelegramAddress } from "./telegram-address.ts";

/** Where a part may stand without our knowing. */
export type LostPlace = TelegramAddress & {
  readonly turn: Turn;
  /** The id that the chat has now. */
  readonly chatIdNow: number;
  /** The parts that are known to be there. */
  readonly shown: readonly string[];
  readonly doubt: Doubt;
  /** False where nothing may be tried, and only ids can tell. */
  readonly isAllowed: boolean;
};

export type Search = {
  /** The id of the message that is ours and shows the part now. */
  readonly foundId?: number;
  /** Whether nothing is left where it could be, now that a message sent after it has this id. */
  isProven(newerId: number): boolean;
};

/** So many ids are tried where we sent it ourselves and know about when: on a busy bot other instances' messages lie around. */
const probesNear = 16;
/** So many from the oldest that is possible on, all the same: should a server count ids in another way than we think. */
const probesFromFloor = 4;
/** So many from the oldest on where we know no more. More would cost a busy bot more calls than a rare second copy is worth. */
const probesBlind = 12;

/**
 * Looks for a part whose sending nobody answered, by editing what may be it to what it should show: a bot can edit only
 * messages of its own, and those of earlier turns are older than any that is tried.
 *
 * @param probe edits the message of this id to the part
 * @throws ChannelError retryable, and what `probe` throws
 */
export async function findLostPart(
  place: LostPlace,
  ids: MessageIds,
  probe: (messageId: number) => Promise<Outcome<unknown>>,
): Promise<Search> {
  const { chatIdNow, doubt } = place;
  const floorId = newestOfOthers(place);
  const afterId = Math.max(floorId, doubt.afterId);
  const candidates = place.isAllowed ? candidateIds(place, floorId, ids) : [];

  for (const id of candidates) {
    const outcome = await heard(() => probe(id));
    if (outcome.kind === "unheard") throw outcome.error;
    if (outcome.kind === "moved") return { isProven: () => false };
    if (outcome.kind !== "gone") return { foundId: id, isProven: () => true };
  }
  return {
    isProven: (newerId) =>
      Number.isFinite(floorId) &&
      ids
        .unheardOf(chatIdNow, { afterId }, candidates.length + 1)
        .every((id) => id >= newerId || candidates.includes(id)),
  };
}

/** A probe changes nothing when it is repeated, and all of them must be heard in a row: on a bad line a few are asked again. */
async function heard(probe: () => Promise<Outcome<unknown>>): Promise<Outcome<unknown>> {
  for (let repeats = 0; ; repeats += 1) {
    const outcome = await probe();
    if (outcome.kind !== "unheard" || repeats === repeatsMax) return outcome;
  }
}

const repeatsMax = 2;

/**
 * Whether no other turn can write to the chat at the same time: topics share the ids of their chat, and a supergroup is a room
 * of its own before the last turns of the group that it was are answered.
 */
export function isRoomOfItsOwn({ chatId, chatIdNow, threadId }: Pick<LostPlace, "chatId" | "chatIdNow" | "threadId">) {
  return chatId === chatIdNow && threadId === undefined;
}

/** Whether we are told of the earlier turns' parts. On a first attempt we may not be, and must touch nothing. */
export function knowsEarlierParts({ attempt, after }: Turn): boolean {
  return attempt > 1 || after !== undefined;
}

/** What is as old is the question, a part that we know, or an earlier turn's. -Infinity where nothing can be said of the chat. */
function newestOfOthers({ turn, shown, chatId, messageId, chatIdNow }: LostPlace): number {
  const parts = [...shown, ...(turn.after === undefined ? [] : [turn.after])].map((part) => readPart(part, chatId));
  const known = parts.filter((part) => part.chatId === chatIdNow).map((part) => part.messageId);
  const questionId = chatId === chatIdNow ? messageId : undefined;
  return Math.max(...known, questionId ?? Number.NEGATIVE_INFINITY);
}

function candidateIds({ chatIdNow, doubt }: LostPlace, floorId: number, ids: MessageIds): readonly number[] {
  if (doubt.afterId <= floorId) return ids.unheardOf(chatIdNow, { afterId: floorId }, probesBlind);
  const likely = ids.unheardOf(chatIdNow, doubt, probesNear);
  return [...new Set([...likely, ...ids.unheardOf(chatIdNow, { afterId: floorId }, probesFromFloor)])];
}
