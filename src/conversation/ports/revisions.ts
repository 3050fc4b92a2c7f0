import type { ChannelMessage } from "../domain/message.ts";
import type { Turn } from "../domain/turn.ts";

/**
 * Answers that take the place of earlier ones, because their question was edited, taken back, or is to be answered once more. Every call
 * throws LeaseLostError when the turn is another's by now, and StoreError when the database is away.
 */
export interface Revisions {
  /**
   * Gives what an earlier turn of the room shows to this one, so that its reply stands in the other's place, and takes what was said in
   * the other out of the conversation. An answer that was replaced before is followed to where it stands now. Repeating changes nothing.
   *
   * @returns undefined, and nothing has changed, where there is no such turn; with "newest" also when something that was said after it is
   * shown, or its conversation has ended, if it was not stopped. What commands answer counts for nothing.
   */
  takeOver(turn: Turn, earlier: Earlier, which: "newest" | "any"): Promise<TakenOver | undefined>;

  /** As `takeOver` of any, and deletes what the person had written and what was answered, wherever it is kept. All of it or nothing. */
  erase(turn: Turn, earlier: Earlier): Promise<TakenOver | undefined>;

  /** The room's newest answer by a model, if it was not replaced by something else. After a `takeOver` of it, still that one. */
  newestAnswer(turn: Turn): Promise<RoomAnswer | undefined>;
}

export type Earlier = { readonly turnId: string } | { readonly messageId: string };

export type RoomAnswer = {
  readonly turnId: string;
  /** The author of its question, whoever has had it answered once more. */
  readonly askerId: string;
};

export type TakenOver = {
  /** What the earlier turn answered, as it is kept by now, with all that joined it. */
  readonly question: ChannelMessage;
  /** The parts that this turn shows from now on. */
  readonly shown: readonly string[];
};
