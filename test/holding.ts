import type { Hold } from "../src/conversation/ports/channel.ts";

/** A hold on a turn of this age that `signal` ends, and nothing else. */
export function holding(signal: AbortSignal = new AbortController().signal, ageMs = 0): Hold {
  return { signal, check: () => signal.throwIfAborted(), ageMs: () => ageMs };
}
