import type { Hold } from "../src/conversation/ports/channel.ts";

/** A hold on a turn that `signal` ends, and nothing else. */
export function holding(signal: AbortSignal = new AbortController().signal): Hold {
  return { signal, check: () => signal.throwIfAborted() };
}
