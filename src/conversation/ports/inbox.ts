import type { ChannelMessage } from "../domain/message.ts";
import type { FinalReply } from "../domain/reply.ts";
import type { SessionIds } from "../domain/session.ts";
import type { Turn } from "../domain/turn.ts";

/**
 * Messages on their way: waiting, answered, delivered. One row each, so a crash at any point leaves a row
 * that says what is left to do. Inbox and outbox are the same rows.
 *
 * A worker that lost its lease can change nothing: every write with a turn throws LeaseLostError unless
 * `turn.attempt` is the latest. Every call throws StoreError when the database is away.
 */
export interface Inbox {
  /**
   * Keeps what arrived, in this order, in one transaction; when it resolves it is on disk. A message that is
   * known by its channel, room and id is left as it is.
   *
   * @returns what became of each
   */
  keep(arrivals: readonly Arrival[]): Promise<readonly Kept[]>;

  /**
   * Leases the oldest unfinished turn of up to `roomsMax` rooms in which nobody is answering: the longest waiting room first, and a
   * room whose turn has ended behind all that wait. Rooms whose newest question yields come after the others, but for one claim in
   * eight, which begins with them.
   *
   * @param whose "nobody's": only rooms that nobody holds; those whose lease has run out are left to their holders
   */
  claim(roomsMax: number, leaseMs: number, whose?: "anyone's" | "nobody's"): Promise<readonly Claim[]>;

  /** Extends the leases of turns in hand, and tells for each (by turn id) when to let go. */
  renew(turns: readonly Turn[], leaseMs: number): Promise<ReadonlyMap<string, "held" | "lost" | "stopped">>;

  /** Remembers which parts the room shows, for the next attempt. `answered` and `putBack` do so too, where `turn.shown` has more. */
  shown(turn: Turn, parts: readonly string[]): Promise<void>;

  /** In one transaction: saves the reply and the turn's `savedAfter`, marks it answered, and adds the model's answer, if it was one, to the conversation. */
  answered(turn: Turn, reply: FinalReply, answer?: Answer): Promise<void>;

  /**
   * Ends the turn: the room shows its reply in these parts. Frees the room for its next turn. Of a reply that `forgets` the message
   * keeps no more than its place, also when it is parked.
   *
   * @returns whether one waits
   */
  delivered(turn: Turn, parts: readonly string[]): Promise<boolean>;

  /** Whether the message, which was kept, has yet to be answered. */
  awaits(message: ChannelMessage): Promise<boolean>;

  /** Frees the turn for another attempt, `delayMs` from now; the room waits with it. `reason` is for operators. */
  putBack(turn: Turn, delayMs: number, reason: string): Promise<void>;

  /** Ends the turn undelivered. Operators see it with its reason; the room goes on. */
  park(turn: Turn, reason: string): Promise<void>;

  /**
   * As `park`, and marks the room as shut to us: the claims of what is kept there by now tell the reason. What is kept later, or
   * replayed, is not held to it: somebody is back.
   */
  shut(turn: Turn, reason: string): Promise<void>;

  /**
   * Says that the holder of a turn that was taken over lives: it was cut off, so the turn has killed nobody and must not be taken for
   * one that does. To be called once. Throws no LeaseLostError.
   */
  forgive(turn: Turn): Promise<void>;

  /**
   * Frees the rooms that this instance holds, but for those of `inHand`: what a claim took whose answer got lost. Not to be called
   * while one is under way.
   */
  freeForgotten(inHand: readonly Turn[]): Promise<void>;

  /**
   * Frees the rooms of instances that have died, without waiting for their leases to run out.
   *
   * @returns how many
   */
  freeAbandoned(): Promise<number>;
}

export type Arrival =
  | {
      readonly kind: "question";
      readonly message: ChannelMessage;
      readonly whenFull: WhenFull;
      /** Its sender has written a lot just now: where many rooms wait, this one lets the others go first. */
      readonly yields?: boolean;
    }
  /**
   * Ends the turn that is being answered in the room (one that was pressed: only that whose button it was), and waits for an answer of
   * its own. With `turnsMax` turns that wait in the room it ends it all the same, and gets none: "full".
   */
  | { readonly kind: "stop"; readonly message: ChannelMessage; readonly turnsMax: number }
  /**
   * An edit or a deletion of a message of the room: kept if that one is known, and was kept at most `withinMs` ago, and an edit if it
   * says something else. "known" if not: then there is nothing to do. Turns that answer it are stopped; one that nobody has begun
   * answers what an edit says, and is spared by a deletion.
   */
  | {
      readonly kind: "revision";
      readonly message: ChannelMessage;
      readonly messageId: string;
      readonly withinMs: number | null;
    }
  /** Not taken, for a reason that `reply` says; it is only sent. Without one the person has been told a moment ago. */
  | { readonly kind: "refusal"; readonly message: ChannelMessage; readonly reply?: FinalReply };

/**
 * What becomes of a question when `turnsMax` turns wait in its room: kept as a refusal, the first one with `words`, the
 * others silent; not kept at all without words.
 */
export type WhenFull = { readonly turnsMax: number; readonly words?: FinalReply };

/**
 * "queued": new, and another turn of its room comes first. "joined": it belongs to a turn that waits for it. "full": a question or a
 * stop that gets no answer, because too many wait in its room.
 */
export type Kept = "new" | "queued" | "joined" | "known" | "full";

export type Claim = {
  readonly turn: Turn;
  /** How long ago it was first claimed, since it was kept or an operator brought it back. 0 on the first try. */
  readonly triedMs: number;
  /** How many holders in a row, before this one, vanished without a word. */
  readonly crashes: number;
  /** Why the room takes nothing from us, as far as was found out after the turn was kept. */
  readonly shut?: string;
};

/** What the model said, as the conversation remembers it. */
export type Answer = SessionIds & {
  readonly text: string;
  readonly model: string;
  readonly promptTokens?: number;
  readonly completionTokens?: number;
  /** From the request to its last token. */
  readonly latencyMs: number;
};
