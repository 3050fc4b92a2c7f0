import type { ChannelMessage } from "../domain/message.ts";
import type { FinalReply } from "../domain/reply.ts";

/**
 * Turns as operators see and decide them: above all the parked ones, which ended without their answer being shown and wait for a
 * person. Every call throws StoreError when the database is away.
 */
export interface ParkedTurns {
  /** A page of turns, the newest first. Never what was written in them. */
  list(page: TurnPage): Promise<readonly TurnOverview[]>;

  /** All there is to know of one turn, whatever has become of it, with its texts. */
  show(turnId: string): Promise<TurnDetails | undefined>;

  /**
   * Brings a parked turn back to the end of its room's line, as if it came just now, with nobody's crashes counted. "keep-reply": a
   * reply that is saved is only sent. "ask-again": the AI writes another one, which replaces it in the conversation too.
   */
  replay(turnId: string, how: Replay): Promise<Decision>;

  /** Ends a parked turn for good: it stays as it is, and is no longer listed with those that wait for a person. */
  discard(turnId: string): Promise<Decision>;

  /** How many wait for a person. Beyond `parkedCountMax` nobody counts. */
  count(): Promise<number>;
}

export const parkedCountMax = 10_000;

export type TurnPage = {
  readonly state: ListedState;
  readonly countMax: number;
  /** Only turns with smaller ids: the last one of the page before. */
  readonly before?: string;
};

/** "waiting": on its way, be the reply saved or not. "parked": a person must decide. "discarded": a person has. */
export const listedStates = ["parked", "waiting", "discarded"] as const;
export type ListedState = (typeof listedStates)[number];

export type Replay = "keep-reply" | "ask-again";

export type TurnOverview = {
  readonly id: string;
  readonly channel: string;
  readonly room: string;
  readonly messageId: string;
  readonly state: "waiting" | "answered" | "delivered" | "parked" | "discarded" | "refused" | "joined";
  readonly attempt: number;
  /** Why the last attempt failed. */
  readonly error?: string;
  /** Whether a reply is saved, so that only the sending is left. */
  readonly hasReply: boolean;
  readonly keptAtMs: number;
  /** When it was delivered or parked. */
  readonly endedAtMs?: number;
};

export type TurnDetails = TurnOverview & {
  readonly message: ChannelMessage;
  readonly reply?: FinalReply;
  /** Platform ids of the parts that the room shows. */
  readonly parts: readonly string[];
  /** Holders in a row that vanished without a word. */
  readonly crashes: number;
};

/** What became of a decision. Of two at once, one is done and the other finds the turn not parked. */
export type Decision =
  | { readonly kind: "done" }
  | { readonly kind: "not-parked"; readonly state: TurnOverview["state"] }
  | { readonly kind: "unknown" };
