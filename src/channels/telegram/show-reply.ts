import type { Api } from "grammy";
import { ChannelError, GatewayError } from "../../conversation/domain/errors.ts";
import type { Reply } from "../../conversation/domain/reply.ts";
import type { Channel, NoteParts } from "../../conversation/ports/channel.ts";
import { type ChatLine, chatLine } from "./call-chat.ts";
import { draftWriter, type DraftWriter } from "./draft-writer.ts";
import { findLostPart, isRoomOfItsOwn, knowsEarlierParts, type Search } from "./find-lost-part.ts";
import { type MessageIds, messageIds } from "./message-ids.ts";
import { type WritePacer, writePacer } from "./pace-writes.ts";
import { partId, readPart } from "./part-id.ts";
import { type PartWriter, partWriter, type Room } from "./part-writer.ts";
import { pause } from "../../conversation/domain/pause.ts";
import { quietMentions } from "./quiet-mentions.ts";
import { type Doubt, type SendDoubts, sendDoubts } from "./send-doubts.ts";
import { telegramAddress } from "./telegram-address.ts";
import type { TelegramOptions } from "./telegram-link.ts";
import type { TelegramTimings } from "./telegram-timings.ts";
import type { TelegramUpdate } from "./update.ts";
import { type Part, writeReply } from "./write-reply.ts";

export type ReplyShower = Pick<Channel, "show" | "editIntervalMs"> &
  Required<Pick<Channel, "newest">> & {
    /** Learns from what arrives: which ids are taken, where a group went. */
    learn(update: TelegramUpdate): void;
  };

type SettleOptions = Pick<TelegramOptions, "settle" | "onUnsettled" | "pauses" | "writes">;

/** What one process knows and all of its rooms share. Forgetting any of it costs calls, nothing else. */
type Means = {
  readonly options: SettleOptions;
  readonly timings: TelegramTimings;
  readonly pacer: WritePacer;
  readonly line: ChatLine;
  readonly writer: PartWriter;
  readonly drafts: DraftWriter;
  readonly ids: MessageIds;
  readonly doubts: SendDoubts;
};

/** A room while a reply is shown in it. */
type Showing = Room & {
  readonly isDraft: boolean;
  /** The parts that stand in the room. */
  readonly shown: string[];
};

/**
 * Makes `Channel.show` for Telegram. Edits are safe to repeat: one that changes nothing is refused as "not modified",
 * which counts as success. A send is not, as there is no idempotency key: when nobody said whether it arrived, the message is looked for
 * before it is sent again (decisions/0007).
 */
export function replyShower(api: Api["raw"], options: SettleOptions, timings: TelegramTimings): ReplyShower {
  const pacer = writePacer(options.pauses);
  const line = chatLine(pacer, options.pauses);
  const writer = partWriter({ api, line, pacer, writes: options.writes });
  const drafts = draftWriter({ api, line, pacer, draftMs: timings.draftMs });
  const means: Means = { options, timings, pacer, line, writer, drafts, ids: messageIds(), doubts: sendDoubts() };

  return {
    editIntervalMs(message) {
      const usualMs = message.audience === "direct" ? timings.privateEditMs : timings.groupEditMs;
      return usualMs * line.slowness(line.idNow(telegramAddress(message).chatId));
    },

    newest(turn) {
      if (means.doubts.of(turn)) return undefined; // what is in doubt may be older
      const room = { ...telegramAddress(turn.message), turn };
      noteKnown(room, means);
      return String(means.ids.newest(line.idNow(room.chatId)));
    },

    learn({ message, edited_message: edited }) {
      const known = message ?? edited; // what is pressed is ours, and may be the very part that is looked for
      if (known) means.ids.note(known.chat.id, known.message_id);
      if (message?.migrate_to_chat_id) line.learnMove(message.chat.id, message.migrate_to_chat_id);
      if (message?.migrate_from_chat_id) line.learnMove(message.migrate_from_chat_id, message.chat.id);
    },

    async show(turn, reply, note, hold) {
      const isGroup = turn.message.audience === "group";
      const isDraft = reply.end === undefined;
      const shown = means.doubts.shown(turn);
      const room = { ...telegramAddress(turn.message), turn, hold, isGroup, isDraft, shown: [...shown] };
      noteKnown(room, means);
      means.doubts.of(turn); // from the turn's first sign on, so that we know that we held it all along
      hold.check();
      try {
        if (isDraft) await showDraft(room, reply, note, means);
        else await showAnswer(room, reply, note, means);
      } catch (error) {
        // What stands there and is not noted would be sent again.
        if (room.shown.join() !== turn.shown.join()) await note([...room.shown]);
        throw error;
      } finally {
        if (room.shown.join() !== shown.join()) means.doubts.noteShown(turn, room.shown); // "typing" knows of no parts that came beside it
      }
      return room.shown;
    },
  };
}

function partsIn({ turn, isGroup }: Showing, reply: Reply): readonly Part[] {
  const parts = writeReply(reply, turn.message.language);
  return isGroup ? parts.map(quietMentions) : parts;
}

/**
 * In a private chat the growing part is shown such that it leaves nothing behind, where that is possible: so nothing is in doubt
 * after a crash, and the answer is one message that was never edited. What the room shows already is edited in place.
 */
async function showDraft(room: Showing, reply: Reply, note: NoteParts, means: Means): Promise<void> {
  const { line, pacer, writer, drafts } = means;
  const { shown } = room;
  if (pacer.isClosed() || line.isClosed(room, line.idNow(room.chatId))) return;
  const parts = partsIn(room, reply);
  const growing = parts.at(-1);
  if (growing && writer.isBusy(room)) return showThatItGoesOn(room, means);
  const isNew = shown.length === 0 || shown.length < parts.length;
  if (isNew && !reply.stays && drafts.isPossible(room)) {
    if (parts.length > 1) {
      await drafts.settled(room);
      await showParts(room, parts.slice(0, -1), note, means);
    }
    if (shown.length < parts.length - 1) return;
    if (await drafts.show(room, growing, canStop(reply))) return;
  }
  if (growing && shown.length <= parts.length) await showParts(room, parts, note, means);
  else await writer.showTyping(room);
}

/** A group takes few writes, and any number of actions. Nothing waits for it, least of all the answer. */
function showThatItGoesOn(room: Showing, { pacer, writer }: Means): void {
  if (pacer.isLow()) return;
  writer.showTyping(room).catch(() => {});
}

async function showAnswer(room: Showing, reply: Reply, note: NoteParts, means: Means): Promise<void> {
  await means.drafts.settled(room);
  await showParts(room, partsIn(room, reply), note, means);
  await clearButtons(room, means);
}

function canStop({ buttons = [] }: Reply): boolean {
  return buttons.flat().some(({ command }) => command === "/stop");
}

/**
 * Buttons stand under the newest answer only; what shows nothing, such as the press of Stop, is no newer one. Not worth an answer's
 * failing, nor a call while they are rare.
 */
async function clearButtons(room: Showing, { writer }: Means): Promise<void> {
  const { turn, shown } = room;
  if (turn.buttonsAt === undefined || shown.length === 0) return;
  if ([...turn.shown, ...shown].includes(turn.buttonsAt) || writer.isBusy(room)) return;
  await writer.clearButtons(room, turn.buttonsAt).catch((error: unknown) => {
    if (error instanceof Error && !(error instanceof GatewayError)) throw error; // a bug; the reason to let go is no error
  });
}

function noteKnown({ chatId, messageId, turn }: Pick<Showing, "chatId" | "messageId" | "turn">, { ids }: Means): void {
  if (messageId !== undefined) ids.note(chatId, messageId);
  for (const id of turn.shown) {
    const part = readPart(id, chatId);
    ids.note(part.chatId, part.messageId);
  }
}

async function showParts(room: Showing, parts: readonly Part[], note: NoteParts, means: Means): Promise<void> {
  const { shown, turn, isDraft } = room;
  for (const [index, part] of parts.entries()) {
    if (isDraft && index < turn.shown.length - 1) continue; // the parts before the growing one stand since the last draft
    const before = shown[index];
    const edited = before === undefined ? undefined : await means.writer.edit(room, before, part);
    const now = edited ?? (await add(room, part, index === 0, means));
    if (now === undefined) return;
    shown[index] = now;
    if (now === before) continue;
    if (part.file || index < parts.length - 1) await note([...shown]);
    if (part.file) await means.writer.edit(room, now, part);
  }
  if (!isDraft) await gatherStray(room, parts, means);
  while (shown.length > parts.length) {
    await means.writer.remove(room, shown.at(-1) ?? "");
    shown.pop();
  }
}

/**
 * Makes the room show one more part. If one may be there without our knowing, it is looked for first; an answer whose sending
 * nobody heard of is looked for, and if need be sent again, at once.
 *
 * @returns the part's id; undefined for a draft that could make a second copy
 */
async function add(room: Showing, part: Part, isFirst: boolean, means: Means): Promise<string | undefined> {
  const { ids, line, doubts, options } = means;
  const { turn, isDraft, chatId } = room;
  const canLook = mayLook(room, means) && knowsEarlierParts(turn);
  for (let losses = 0; ; losses += 1) {
    const doubt = doubts.of(turn);
    if (doubt && isDraft && !canLook) return undefined;
    const search = doubt && (await findLost(room, part, doubt, means));
    if (search?.foundId !== undefined) return String(search.foundId);

    const afterId = ids.newest(line.idNow(chatId));
    const sent = await means.writer.send(room, part, isFirst);
    if (search && !(sent.kind === "done" && search.isProven(sent.place.messageId))) options.onUnsettled?.(turn.message);
    if (sent.kind === "done") {
      ids.note(sent.place.chatId, sent.place.messageId);
      doubts.end(turn);
      return partId(sent.place, chatId);
    }
    doubts.raise(turn, { afterId, nearId: ids.newest(line.idNow(chatId)) });
    if (isDraft || losses === resendsMax || !canLook) throw sent.error;
  }
}

/** So often an answer is sent again at once. Another instance would know less about where to look for it. */
const resendsMax = 2;

/** A part beyond the answer's last, which a longer draft had and nobody heard of, is found in order to be removed. */
async function gatherStray(room: Showing, parts: readonly Part[], means: Means): Promise<void> {
  const doubt = means.doubts.of(room.turn);
  const last = parts.at(-1);
  if (!doubt || !last || (doubt.afterId === 0 && room.turn.shown.length === 0)) return;
  const { foundId } = await findLost(room, last, doubt, means);
  if (foundId !== undefined) room.shown.push(String(foundId));
  else if (!mayLook(room, means)) means.options.onUnsettled?.(room.turn.message);
  means.doubts.end(room.turn);
}

/**
 * Looks for what this turn may have sent, where that may be tried.
 *
 * @throws ChannelError retryable; also as long as it could be mistaken for an earlier turn's, which the next attempt is told of
 */
async function findLost(room: Showing, part: Part, doubt: Doubt, means: Means): Promise<Search> {
  const { line, pacer, writer, ids, timings } = means;
  const isAllowed = mayLook(room, means);
  if (isAllowed && !knowsEarlierParts(room.turn))
    throw new ChannelError("Telegram did not say whether a message arrived; it is looked for on the next attempt", {
      retryable: true,
    });
  if (isAllowed) {
    await pause(Math.max(0, doubt.atMs + timings.settleAfterMs - performance.now()), room.hold.signal);
    await pacer.take(room.hold.signal); // one for all tries, as at most one of them changes anything
  }
  const place = { ...room, chatIdNow: line.idNow(room.chatId), doubt, isAllowed };
  const search = await findLostPart(place, ids, (messageId) => writer.claim(room, messageId, part));
  if (search.foundId === undefined) return search;
  ids.note(room.chatId, search.foundId);
  means.doubts.end(room.turn);
  return search;
}

/** Whether what was sent may be looked for in this room. */
function mayLook({ chatId, threadId, messageId }: Showing, { options, line }: Means): boolean {
  if (options.settle === false || messageId === undefined) return false;
  return isRoomOfItsOwn({ chatId, threadId, chatIdNow: line.idNow(chatId) });
}
