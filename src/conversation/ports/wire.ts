import type { Json } from "../domain/json.ts";

/**
 * Carries hints between instances, this one included: a room has work, a turn is to stop, a draft has grown.
 * Never the truth: what it loses is found by a sweep.
 */
export interface Wire {
  /** Returns at once and never throws. A hint too large for the wire is dropped. */
  send(topic: string, hint: Json): void;

  /** Calls `listener` for each hint on the topic until `signal` aborts. */
  hear(topic: string, listener: (hint: Json) => void, signal: AbortSignal): void;
}
