import { GatewayError } from "../../conversation/domain/errors.ts";
import type { Transcripts, TranscriptEntry } from "../../conversation/ports/transcripts.ts";
import type { Wire } from "../../conversation/ports/wire.ts";
import { chatLimits, type ChatDraft, type ChatStatus, type ChatTurn } from "./api.ts";
import { readRoomHint, roomTopic, type DraftHint } from "./room-hint.ts";
import { within } from "./within.ts";
import { writeTurn } from "./write-turn.ts";

export type RoomEvent =
  /** `resumeId`: whoever has all events up to this one misses nothing if it goes on from that turn. */
  | { readonly kind: "turn"; readonly turn: ChatTurn; readonly resumeId: string }
  | { readonly kind: "draft"; readonly draft: ChatDraft }
  | { readonly kind: "status"; readonly status: ChatStatus }
  /** Every `beatMs`, whatever else there is: the connection lives. */
  | { readonly kind: "beat" };

/** How often the transcript is read without a hint, and how often a stream gives a sign of life. */
export const roomPace = {
  /** While a turn is unfinished. */
  sweepMs: 2_000,
  idleSweepMs: 15_000,
  beatMs: 15_000,
  /** Pause after a failed read. */
  retryMs: 1_000,
  readMsMax: 10_000,
  /** A client that takes nothing for so long is gone. Longer than a beat. */
  stuckMsMax: 60_000,
};

export type RoomPace = Readonly<typeof roomPace>;

type RoomWorld = { readonly transcripts: Transcripts; readonly wire: Wire; readonly pace: RoomPace };

/** One `/stop` may overtake one answer; more drafts at once are not a room's. */
const draftsMax = 8;
/** More unfinished turns than this are followed from the newest back. */
const followedMax = 200;

/**
 * What one viewer of a room gets: its turns from `fromTurnId` on (the newest 50 without), then every change until
 * `signal` aborts. The transcript is the truth: it is read at the start, at every hint, and as a sweep, so a lost
 * hint costs time only. It is pulled: while the viewer is slow nothing is read or queued, and of each growing
 * reply only the newest draft is held.
 */
export async function* followRoom(
  room: string,
  fromTurnId: string | undefined,
  { transcripts, wire, pace }: RoomWorld,
  signal: AbortSignal,
): AsyncGenerator<RoomEvent, void, void> {
  const news = hearNews(room, wire, signal);
  const view = openView(fromTurnId);
  let readAtMs = 0;
  let beatAtMs = performance.now() + pace.beatMs;
  let status: ChatStatus["state"] | undefined;

  while (!signal.aborted) {
    const hinted = news.takeChanged() || news.draftedTurns().some((turnId) => !view.knows(turnId));
    if (performance.now() >= readAtMs || (hinted && status === "live")) {
      const entries = await readTurns(() => transcripts.recent("web", room, view.countMax(), view.from()), pace);
      yield* entries ? view.changes(entries) : [];
      const now = entries ? "live" : "waiting";
      if (now !== status) yield { kind: "status", status: statusOf(now) };
      status = now;
      readAtMs = performance.now() + pauseMs(view, status, pace);
    }
    for (const hint of news.takeDrafts()) {
      const draft = view.grown(hint);
      if (draft) yield { kind: "draft", draft };
    }
    if (performance.now() >= beatAtMs) {
      yield { kind: "beat" };
      beatAtMs = performance.now() + pace.beatMs;
    }
    await news.wait(Math.min(readAtMs, beatAtMs) - performance.now());
  }
}

/** Undefined while the database is away: that is told and tried again. */
async function readTurns(
  read: () => Promise<readonly TranscriptEntry[]>,
  pace: RoomPace,
): Promise<readonly TranscriptEntry[] | undefined> {
  try {
    return await within(read(), pace.readMsMax);
  } catch (error) {
    if (error instanceof GatewayError && error.retryable) return undefined;
    throw error;
  }
}

function statusOf(state: ChatStatus["state"]): ChatStatus {
  if (state === "live") return { state };
  return { state, message: "The server cannot reach its database. Nothing is lost; it goes on by itself." };
}

function pauseMs(view: RoomView, status: ChatStatus["state"], pace: RoomPace): number {
  if (status === "waiting") return pace.retryMs;
  return view.isUnfinished() ? pace.sweepMs : pace.idleSweepMs;
}

type RoomView = ReturnType<typeof openView>;

/** What the viewer has been given so far. */
function openView(fromTurnId: string | undefined) {
  /** States of the followed turns: from the oldest unfinished one on. */
  const sent = new Map<string, ChatTurn["state"]>();
  const drafts = new Map<string, DraftHint>();
  let from: string | undefined;

  return {
    from: () => from,
    countMax: () => (from === undefined ? chatLimits.turnsRecent : followedMax),
    knows: (turnId: string) => sent.has(turnId),
    isUnfinished: () => [...sent.values()].includes("waiting"),

    /** The turns that are new or not as they were sent. */
    *changes(entries: readonly TranscriptEntry[]): Generator<RoomEvent> {
      const turns = (from === undefined ? resumed(entries, fromTurnId) : entries).map(writeTurn);
      for (const turn of turns) {
        if (sent.get(turn.turnId) === turn.state) continue;
        sent.set(turn.turnId, turn.state);
        if (turn.state !== "waiting") drafts.delete(turn.turnId);
        yield { kind: "turn", turn, resumeId: firstOpen(turns, sent) ?? turn.turnId };
      }
      from = firstOpen(turns, sent) ?? from;
      const followed = new Set(turns.map(({ turnId }) => turnId));
      for (const turnId of sent.keys()) if (!followed.has(turnId)) sent.delete(turnId);
      for (const turnId of drafts.keys()) if (!followed.has(turnId)) drafts.delete(turnId);
    },

    /** What a draft adds to what was sent of it; undefined for one that is late or says nothing new. */
    grown(draft: DraftHint): ChatDraft | undefined {
      if (sent.get(draft.turnId) !== "waiting") return undefined;
      const before = drafts.get(draft.turnId);
      if (before && draft.attempt < before.attempt) return undefined;
      if (before && draft.text === before.text && draft.footer === before.footer) return undefined;
      drafts.set(draft.turnId, draft);
      const at = before && draft.text.startsWith(before.text) ? before.text.length : 0;
      const { turnId, messageId, text, footer } = draft;
      return { turnId, messageId, at, text: text.slice(at), ...(footer !== undefined && { footer }) };
    },
  };
}

/** A returning viewer's turns. One that was away for too long, or names a turn that is not here, begins anew. */
function resumed(entries: readonly TranscriptEntry[], fromTurnId: string | undefined): readonly TranscriptEntry[] {
  const start = entries.findIndex(({ turnId }) => turnId === fromTurnId);
  return start < 0 ? entries : entries.slice(start);
}

/** The newest turn such that all older ones were sent and are final. */
function firstOpen(turns: readonly ChatTurn[], sent: ReadonlyMap<string, ChatTurn["state"]>): string | undefined {
  const open = turns.find(({ turnId }) => (sent.get(turnId) ?? "waiting") === "waiting");
  return (open ?? turns.at(-1))?.turnId;
}

/** The room's hints, as much as is needed of them: that something changed, and the newest draft of each turn. */
function hearNews(room: string, wire: Wire, signal: AbortSignal) {
  const drafts = new Map<string, DraftHint>();
  let changed = false;
  let wake = () => {};
  signal.addEventListener("abort", () => wake(), { once: true });
  const hear = (hint: Parameters<Parameters<Wire["hear"]>[1]>[0]) => {
    const news = readRoomHint(hint);
    if (!news) return;
    if ("changed" in news) changed = true;
    else keepNewest(news.draft);
    wake();
  };
  const keepNewest = (draft: DraftHint) => {
    const held = drafts.get(draft.turnId);
    if (held && held.attempt > draft.attempt) return;
    if (!held && drafts.size >= draftsMax) return;
    drafts.set(draft.turnId, draft);
  };
  wire.hear(roomTopic(room), hear, signal);

  return {
    takeChanged() {
      const was = changed;
      changed = false;
      return was;
    },
    draftedTurns: () => [...drafts.keys()],
    takeDrafts() {
      const taken = [...drafts.values()];
      drafts.clear();
      return taken;
    },
    /** Until there is news, at most `maxMs`. */
    async wait(maxMs: number) {
      if (changed || drafts.size > 0 || signal.aborted || maxMs <= 0) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, maxMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    },
  };
}
