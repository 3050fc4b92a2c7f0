import type { Api } from "grammy";

type GrammySignal = NonNullable<Parameters<Api["raw"]["getFile"]>[1]>;

/** grammY's signals are of another package's type, and as good. */
export function signalOf(signal: AbortSignal): GrammySignal {
  return signal as GrammySignal;
}
