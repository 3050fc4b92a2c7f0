import type { ChannelMessage } from "../domain/message.ts";
import type { Turn } from "../domain/turn.ts";
import type { Holdings } from "./archive.ts";

/** What happened, for operators: each call becomes a log line and, where it counts, a metric. Never a message's text, never a secret. */
export interface Journal {
  kept(message: ChannelMessage): void;
  duplicate(message: ChannelMessage): void;
  refused(message: ChannelMessage, reason: string): void;
  answered(
    turn: Turn,
    facts: { model: string; latencyMs: number; promptTokens?: number; completionTokens?: number },
  ): void;
  delivered(turn: Turn, facts: { parts: number; sinceKeptMs: number }): void;
  putBack(turn: Turn, facts: { delayMs: number; reason: string }): void;
  apologised(turn: Turn, facts: { reference: string; reason: string }): void;
  parked(turn: Turn, facts: { reason: string }): void;
  /** The room takes nothing more from us: what waits there is parked unasked. */
  roomShut(message: ChannelMessage, facts: { reason: string }): void;
  leaseLost(turn: Turn): void;
  /** A person had everything deleted that was kept of them. */
  forgot(message: ChannelMessage, holdings: Holdings): void;
  /** A part was sent again although an earlier sending may have arrived: the room may show it twice. */
  unsettled(place: { readonly channel: string; readonly room: string }): void;
  /** Something failed that is tried again by itself. `what` names the step. */
  failed(what: string, error: unknown): void;
}
