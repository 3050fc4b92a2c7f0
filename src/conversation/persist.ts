import { StoreError } from "./domain/errors.ts";
import type { Limits } from "./domain/limits.ts";

const pauseMs = 200;

/**
 * Repeats a write while the database is away, for what must not be done again: an answer that was paid for, a message that was
 * sent. The write must be fenced and safe to repeat; once the lease is lost it fails with LeaseLostError.
 *
 * @throws StoreError after `saveMsMax`
 */
export async function persist<T>(write: () => Promise<T>, { saveMsMax }: Pick<Limits, "saveMsMax">): Promise<T> {
  const endsAtMs = performance.now() + saveMsMax;
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof StoreError) || performance.now() > endsAtMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}
