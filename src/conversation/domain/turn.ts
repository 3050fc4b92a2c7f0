import type { ChannelMessage } from "./message.ts";
import type { FinalReply } from "./reply.ts";

/** A message on its way to an answer, held by one worker at a time. */
export type Turn = {
  /** Names the reply too, so a platform that knows idempotency keys can refuse a second copy. */
  readonly id: string;
  readonly message: ChannelMessage;
  /** 1 on the first try. Above 1, an earlier holder may have sent a part that is not in `shown`. Fences every write. */
  readonly attempt: number;
  /** Platform ids of the reply's parts that the room already shows, oldest first. */
  readonly shown: readonly string[];
  /**
   * The newest part that an earlier turn shows in the room, "0" if there is none: what is as old is not this turn's, whatever a
   * lost sending left behind. Absent: not known.
   */
  readonly after?: string;
  /**
   * The newest message that the channel knew of when the reply was saved, by its platform's count: whatever an earlier holder sent
   * without our knowing is newer. Absent: not known.
   */
  readonly savedAfter?: string;
  /** The part of an earlier turn that still shows buttons: they are to go when this turn's reply is shown. */
  readonly buttonsAt?: string;
  /** How long ago it was kept when it was claimed, by the database's clock. */
  readonly ageMs: number;
  /** The person asked to stop this turn before it was claimed. */
  readonly stopRequested?: true;
  /** For a `/stop`: it overtook and ended a running turn. */
  readonly stoppedTurn?: true;
  /** Another turn was unfinished when it was kept, and the person was shown that it is noted (`Channel.mark`). */
  readonly wasQueued?: true;
  /** Present once saved: only the sending is left. */
  readonly reply?: FinalReply;
};

/** Why a turn's work is to end: the reason of its signals. */
export type EndReason = "stopped" | "lost" | "shutdown" | "timeout";
