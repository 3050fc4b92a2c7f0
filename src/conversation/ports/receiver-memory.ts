import type { Json } from "../domain/json.ts";
import type { ChannelMessage } from "../domain/message.ts";

/** A receiver in our hands, under a lease. */
export type Receiver = {
  /** Such as "telegram" or "discord/0". */
  readonly name: string;
  /** Grows with each new holder: whoever names an older one has lost the receiver. */
  readonly fence: string;
  /**
   * Aborts when the receiver is given up while others stand by: what comes is to be kept on until a successor has ended our
   * receiving by its own. Only for a channel that `handsOver`.
   */
  readonly leaving?: AbortSignal;
};

/** What receivers must know to go on where an earlier one left off, here or on another instance. Every call throws StoreError when the database is away. */
export interface ReceiverMemory {
  /**
   * Takes the memory over: from now on no older fence can write it.
   *
   * @returns what was saved last, in whatever shape the channel gave it
   * @throws LeaseLostError when a newer holder has it
   */
  open(receiver: Receiver): Promise<Json | undefined>;

  /** @throws LeaseLostError when a newer holder has it */
  save(receiver: Receiver, memory: Json): Promise<void>;

  /**
   * Spends one of what all instances together may do at most `max` times in any `periodMs`.
   *
   * @returns 0 when it was granted and is counted, else how long to wait before asking again
   */
  spend(name: string, max: number, periodMs: number): Promise<number>;

  /** The newest kept message of each room whose name begins with `roomPrefix`, the rooms that were active last first. */
  newestMessages(channel: string, roomPrefix: string, roomsMax: number): Promise<readonly ChannelMessage[]>;

  /** A kept message by its id, which may have been kept in any of these rooms. */
  findMessage(channel: string, rooms: readonly string[], id: string): Promise<ChannelMessage | undefined>;
}
