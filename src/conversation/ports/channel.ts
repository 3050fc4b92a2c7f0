import type { Attachment, ChannelMessage } from "../domain/message.ts";
import type { Reply } from "../domain/reply.ts";
import type { Turn } from "../domain/turn.ts";
import type { Receiver } from "./receiver-memory.ts";

/** A place people write from. To add one, implement this and run `test/contracts/channel.test.ts` until it is green. */
export interface Channel {
  readonly name: string;
  /** Where a person learns that a message was not taken: as a sentence in the room, or from the call that brought it (HTTP 429). */
  readonly refuses: "in-room" | "at-door";
  /** Whether two instances must not receive at the same time: a poller, a gateway connection. */
  readonly receivesAlone: boolean;
  /**
   * For one that receives alone: whether a successor ends the receiving of the one before by beginning its own, so that there need be
   * no moment without any. Absent: the one before must have ended.
   */
  readonly handsOver?: true;
  /**
   * The receivers of a channel that receives alone, such as "discord/0" and "discord/1": each is on one instance at a time, and they
   * may be on different ones. Asked again every few minutes, for there can come more. Absent: one, of the channel's name.
   *
   * @throws ChannelError
   */
  receivers?(signal: AbortSignal): Promise<readonly string[]>;
  /** The shortest time between two drafts that the platform tolerates in this room. */
  editIntervalMs(message: ChannelMessage): number;

  /**
   * Receives until `signal` aborts, then resolves. Acknowledges messages to the platform only after
   * `accept` has resolved, so a crash loses nothing; a platform that sends them again is welcome to.
   * Reconnects by itself with growing pauses. A channel that receives alone is given the receiver that is ours; `signal` aborts when
   * it is not any more.
   *
   * @throws ChannelError not retryable, when it can never work: its message tells the operator what to do
   */
  listen(accept: Accept, signal: AbortSignal, receiver?: Receiver): Promise<void>;

  /**
   * Makes the room show exactly `reply`: edits the parts in `turn.shown`, adds and removes what differs.
   * Repeating a call changes nothing. An empty text without an end means "typing"; a final reply without text or file removes
   * everything. A draft (no `end`) may be skipped by a channel that cannot edit or is under pressure; a final reply never is.
   *
   * Calls `note` with all parts shown so far after each new part, before going on: what a crash must not forget.
   * Calls `hold.check()` right before each call to the platform, and never breaks one off in its middle.
   *
   * @returns the platform ids of all parts now shown, oldest first
   * @throws ChannelError, or what `hold.check` throws
   */
  show(turn: Turn, reply: Reply, note: NoteParts, hold: Hold): Promise<readonly string[]>;

  /**
   * The newest message that is known where the room's are counted: it is saved with the turn's reply (`Turn.savedAfter`), so that
   * a sending whose outcome a crash hid is looked for from there on. Absent where nothing is ever looked for so.
   */
  newest?(turn: Turn): string | undefined;

  /**
   * Shows the person that a message is noted, while another one is answered: "queued". "taken" takes the sign away. Only a hint:
   * what fails is forgotten by the caller. Absent where the room shows it anyway.
   *
   * @throws ChannelError
   */
  mark?(message: ChannelMessage, mark: Mark, signal: AbortSignal): Promise<void>;

  /**
   * Fetches what came with a message.
   *
   * @throws ChannelError not retryable when it is gone or has more than `bytesMax`
   */
  fetch?(attachment: Attachment, bytesMax: number, signal: AbortSignal): Promise<Uint8Array>;

  /** Whether this turn, just claimed, can be answered although its room is shut to us: its message brought a way in of its own. Absent: none does. */
  opensRoom?(turn: Turn): boolean;

  /** In the person's language, when the bot answers in this room and when it does not. Absent where its audience says it all. */
  explain?(message: ChannelMessage): Promise<string>;

  /** Whether messages can arrive right now. */
  health(): ChannelHealth;

  /** For a platform that calls us. */
  readonly webhook?: Webhook;
}

/**
 * Keeps messages, in this order, each at most once however often it comes. When it resolves they are on disk.
 * Only messages that are meant for the assistant are given to it.
 *
 * @returns a receipt for each
 * @throws StoreError none of them may be acknowledged
 */
export type Accept = (messages: readonly ChannelMessage[]) => Promise<readonly Receipt[]>;

/** What became of one message. */
export type Receipt =
  | { readonly kind: "kept" }
  /** It was kept before; nothing changed. */
  | { readonly kind: "known" }
  /** Not taken; said in the room already when the channel refuses there. */
  | { readonly kind: "refused"; readonly sentence: string; readonly retryAfterMs: number };

/** Says whether a turn is still ours to work on. */
export type Hold = {
  /** Aborts with an `EndReason`. */
  readonly signal: AbortSignal;
  /**
   * Throws the reason when it is to be let go; also when its lease ran out while the process stood still and nothing could tell.
   *
   * @throws LeaseUnsureError when nobody can tell just now: what can be left out is left out, all else is tried again
   */
  check(): void;
  /** How long ago the turn's message was kept: by the database's clock when it was claimed, by a steady one since. */
  ageMs(): number;
};

export type Mark = "queued" | "taken";

export type NoteParts = (shown: readonly string[]) => Promise<void>;

export type ChannelHealth =
  | { readonly state: "connected" }
  | { readonly state: "connecting"; readonly reason: string }
  /** Another instance holds the receiver. */
  | { readonly state: "standby" }
  | { readonly state: "failed"; readonly reason: string };

/** What the HTTP server must know to serve a platform that calls us. */
export interface Webhook {
  readonly path: `/api/webhook/${string}`;
  /** Compares in constant time. Header names are lower case. */
  isAuthentic(headers: Readonly<Record<string, string | readonly string[] | undefined>>): boolean;
  /**
   * Takes one delivery. Resolves after what is meant for us is on disk.
   *
   * @throws BadDeliveryError the body is not what the platform sends
   * @throws StoreError not kept: the platform must send it again
   */
  receive(body: unknown): Promise<void>;
}

/** A delivery that no retry can mend. Its message is shown to the sender. */
export class BadDeliveryError extends Error {
  override name = "BadDeliveryError";
}
