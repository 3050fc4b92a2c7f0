import { StoreError } from "../../src/conversation/domain/errors.ts";
import type { ChannelMessage } from "../../src/conversation/domain/message.ts";
import type { FinalReply } from "../../src/conversation/domain/reply.ts";
import type { Turn } from "../../src/conversation/domain/turn.ts";
import type { Accept, Receipt } from "../../src/conversation/ports/channel.ts";
import type { Transcripts, TranscriptEntry } from "../../src/conversation/ports/transcripts.ts";

/** Rooms in memory that keep the promises of Transcripts and Accept, with a switch for the database. */
export function memoryRooms() {
  const entries: TranscriptEntry[] = [];
  let isAway = false;
  let refusal: Receipt | undefined;
  let reads = 0;

  const assertThere = () => {
    if (isAway) throw new StoreError("The database is away.", undefined);
  };
  const entryOf = (messageId: string) => {
    const entry = entries.find(({ message }) => message.id === messageId);
    if (!entry) throw new Error(`no message ${messageId}`);
    return entry;
  };
  const change = (messageId: string, to: Partial<TranscriptEntry>) => {
    const entry = entryOf(messageId);
    entries[entries.indexOf(entry)] = { ...entry, ...to };
  };
  const keep = (message: ChannelMessage): Receipt => {
    if (refusal) return refusal;
    const isKnown = entries.some(({ message: { room, id } }) => room === message.room && id === message.id);
    if (isKnown) return { kind: "known" };
    entries.push({ turnId: `t${entries.length + 1}`, message, keptAtMs: Date.now(), state: "waiting" });
    return { kind: "kept" };
  };

  const accept: Accept = async (messages) => {
    assertThere();
    return messages.map(keep);
  };
  const transcripts: Transcripts = {
    async recent(channel, room, countMax, fromTurnId) {
      reads += 1;
      assertThere();
      const ofRoom = entries.filter(({ message }) => message.channel === channel && message.room === room);
      const from = fromTurnId === undefined ? 0 : ofRoom.findIndex(({ turnId }) => turnId === fromTurnId);
      return ofRoom.slice(from).slice(-countMax);
    },
  };

  return {
    accept,
    transcripts,
    entries,
    reads: () => reads,
    /** The database goes away, or comes back. */
    setAway(away: boolean) {
      isAway = away;
    },
    refuseWith(receipt: Receipt | undefined) {
      refusal = receipt;
    },
    answer(messageId: string, reply: FinalReply) {
      change(messageId, { reply, state: "answered" });
    },
    park(messageId: string) {
      change(messageId, { state: "parked" });
    },
    turnOf(messageId: string, attempt = 1): Turn {
      const { turnId, message } = entryOf(messageId);
      return { id: turnId, message, attempt, shown: [], ageMs: 0 };
    },
  };
}
