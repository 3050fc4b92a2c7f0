import { StoreError } from "./domain/errors.ts";
import type { Limits } from "./domain/limits.ts";

const pauseMs = 200;

/**
 * Repeats a write while the database is away, for what must not be done again: an answer that was paid for, a message that was
 * sent. The write must be fenced and safe to repeat; once the turn is another's it fails with LeaseLostError.
 *
 * @param signal after it aborts, the write is repeated for `handBackMsMax` at most
 * @throws StoreError after `saveMsMax`
 */
export async function persist<T>(
  write: () => Promise<T>,
  signal: AbortSignal,
  { saveMsMax, handBackMsMax }: Pick<Limits, "saveMsMax" | "handBackMsMax">,
): Promise<T> {
  let endsAtMs = performance.now() + saveMsMax;
  const hurry = () => (endsAtMs = Math.min(endsAtMs, performance.now() + handBackMsMax));
  if (signal.aborted) hurry();
  signal.addEventListener("abort", hurry);
  try {
    return await repeat(write, () => performance.now() > endsAtMs);
  } finally {
    signal.removeEventListener("abort", hurry);
  }
}

async function repeat<T>(write: () => Promise<T>, isOver: () => boolean): Promise<T> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof StoreError) || isOver()) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}
