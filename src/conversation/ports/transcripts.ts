import type { ChannelMessage } from "../domain/message.ts";
import type { FinalReply } from "../domain/reply.ts";

/** What a room has shown: for channels whose rooms live with us. Throws StoreError when the database is away. */
export interface Transcripts {
  /** The newest `countMax` turns of a room from `fromTurnId` on (all of them when absent), oldest first. */
  recent(channel: string, room: string, countMax: number, fromTurnId?: string): Promise<readonly TranscriptEntry[]>;
}

export type TranscriptEntry = {
  readonly turnId: string;
  readonly message: ChannelMessage;
  readonly keptAtMs: number;
  /** Present once saved: it will not change any more. */
  readonly reply?: FinalReply;
  readonly state: "waiting" | "answered" | "delivered" | "parked" | "refused";
};
