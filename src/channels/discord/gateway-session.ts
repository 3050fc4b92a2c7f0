import type { SessionInfo } from "@discordjs/ws";
import { z } from "zod";
import { pause } from "../../conversation/domain/pause.ts";
import { LeaseLostError } from "../../conversation/domain/errors.ts";
import type { Receiver, ReceiverMemory } from "../../conversation/ports/receiver-memory.ts";

/**
 * A shard's gateway session and how far it has come: what Discord must be told to repeat what is missing. Remembered
 * for whoever has the shard next, always behind what is on disk, never ahead of it.
 */
export type GatewaySession = {
  /** What can be resumed; undefined when only an IDENTIFY helps. */
  resumable(shardCount: number): SessionInfo | undefined;
  /** Whether the session's former holder, who handed it over, may still be connected with it. */
  readonly isShared: boolean;
  /** It is ours alone. */
  own(): void;
  /** From now on whoever opens it shares it with us. */
  share(): void;
  /** Whether a session began (this one or one before) after which not everything that was missed has been read. */
  readonly hasGap: boolean;
  /** Discord has begun a new session: what came since the last one is missed. */
  begin(info: SessionInfo): void;
  /** Discord has given the session up. */
  forget(): void;
  /** What was missed is on disk. */
  closeGap(): void;
  /**
   * Takes the event of this number over.
   *
   * @returns what to call once it is on disk; undefined when it was taken before and is a repetition
   */
  take(seq: number): (() => void) | undefined;
  /** Takes back the latest that was taken: it found no place. */
  untake(seq: number): void;
  /** Writes what is not written yet; for the end. */
  save(): Promise<void>;
};

type Options = {
  readonly memory: ReceiverMemory;
  readonly receiver: Receiver;
  readonly botId: string;
  readonly report: (what: string, error: unknown) => void;
  /** The receiver has a newer holder. */
  readonly onLost: () => void;
};

type Progress = { readonly info: SessionInfo; takenSeq: number; storedSeq: number; readonly open: Open[] };
/** An event that was taken, in the order of arrival. */
type Open = { readonly seq: number; isStored: boolean };

/** @throws StoreError, LeaseLostError */
export async function openSession(options: Options): Promise<GatewaySession> {
  const { memory, receiver, botId } = options;
  const known = remembered.safeParse(await memory.open(receiver)).data;
  const mine = known?.botId === botId ? known : undefined;
  let progress = mine?.session && start({ ...mine.session });
  let hasGap = mine?.hasGap ?? false;
  let isShared = mine?.isShared ?? false;
  let isLeaving = false;
  const writer = writeLazily(options, () => ({
    botId,
    hasGap,
    isShared: isLeaving,
    session: progress ? write(progress) : null,
  }));

  return {
    get isShared() {
      return isShared;
    },
    own() {
      isShared = false;
    },
    share() {
      isLeaving = true;
      writer.touch("now");
    },
    get hasGap() {
      return hasGap;
    },
    resumable(shardCount) {
      if (!progress || progress.info.shardCount !== shardCount) return undefined;
      return { ...progress.info, sequence: progress.storedSeq };
    },
    begin(info) {
      if (progress?.info.sessionId === info.sessionId) return;
      progress = start(info);
      hasGap = true;
      writer.touch("now");
    },
    forget() {
      progress = undefined;
    },
    closeGap() {
      hasGap = false;
      writer.touch("now");
    },
    take(seq) {
      const current = progress;
      if (!current || seq <= current.takenSeq) return undefined;
      const event: Open = { seq, isStored: false };
      current.takenSeq = seq;
      current.open.push(event);
      return () => {
        event.isStored = true;
        if (advance(current) && current === progress) writer.touch("soon");
      };
    },
    untake(seq) {
      if (progress?.takenSeq !== seq) return;
      progress.open.pop();
      progress.takenSeq = progress.open.at(-1)?.seq ?? progress.storedSeq;
    },
    save: writer.flush,
  };
}

function start(info: SessionInfo): Progress {
  return { info, takenSeq: info.sequence, storedSeq: info.sequence, open: [] };
}

/** Rooms do not wait for each other, so events may be stored out of order; what counts is the last before which none is missing. */
function advance(progress: Progress): boolean {
  const before = progress.storedSeq;
  while (progress.open[0]?.isStored) progress.storedSeq = progress.open.shift()?.seq ?? progress.storedSeq;
  return progress.storedSeq !== before;
}

function write({ info, storedSeq }: Progress): z.output<typeof session> {
  return { ...info, sequence: storedSeq };
}

/** One write at a time, of the newest state, every `saveEveryMs` while there is news; urgent news at once. */
function writeLazily(
  { memory, receiver, report, onLost }: Options,
  read: () => z.output<typeof remembered>,
): { touch(urgency: "soon" | "now"): void; flush(): Promise<void> } {
  const state = { isWritten: true, isEnding: false };
  let working: Promise<void> | undefined;
  let hurry = new AbortController();

  const write = async () => {
    state.isWritten = true;
    await memory.save(receiver, read()).catch((error: unknown) => {
      if (error instanceof LeaseLostError) return onLost();
      state.isWritten = false;
      report("remembering how far Discord was heard", error);
    });
  };
  const work = async () => {
    while (!state.isWritten && !state.isEnding) {
      await pause(saveEveryMs, hurry.signal);
      hurry = new AbortController();
      if (!state.isEnding) await write();
    }
    working = undefined;
  };
  return {
    touch(urgency) {
      state.isWritten = false;
      if (urgency === "now") hurry.abort();
      working ??= work();
    },
    async flush() {
      state.isEnding = true;
      hurry.abort();
      await working;
      if (!state.isWritten) await write();
    },
  };
}

/** A crash repeats at most this much of what was heard; it is known by then. */
const saveEveryMs = 1_000;

const session = z.object({
  sessionId: z.string(),
  resumeURL: z.string(),
  sequence: z.number(),
  shardId: z.number(),
  shardCount: z.number(),
});
const remembered = z.object({
  botId: z.string(),
  hasGap: z.boolean(),
  isShared: z.boolean().default(false),
  session: session.nullable(),
});
