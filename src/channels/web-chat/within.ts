import { StoreError } from "../../conversation/domain/errors.ts";

/**
 * Waits for work of the store, at most `timeoutMs`. The work itself goes on: who gave up must ask again.
 *
 * @throws StoreError when it takes longer
 */
export async function within<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StoreError(`No answer within ${timeoutMs} ms.`, undefined)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
