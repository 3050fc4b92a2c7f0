import type { Log } from "./journal.ts";

/** The program could not start: which step, why, and what to do. */
export class StartError extends Error {
  override name = "StartError";
}

/**
 * Does one step of the start and logs how long it took.
 *
 * @throws StartError with the step, the reason, and `remedy`
 */
export async function startStep<T>(
  log: Log,
  step: { readonly name: string; readonly remedy: string },
  run: () => T | Promise<T>,
): Promise<T> {
  const startedAtMs = performance.now();
  try {
    const result = await run();
    log.info({ step: step.name, ms: Math.round(performance.now() - startedAtMs) }, `started: ${step.name}`);
    return result;
  } catch (error) {
    throw new StartError(`${step.name} could not be started: ${reasonOf(error)}\n${step.remedy}`, { cause: error });
  }
}

/** A refused connection to a name with several addresses has its reasons inside. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && !error.message) return error.errors.map(reasonOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}
