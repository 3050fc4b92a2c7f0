import { AiError } from "../conversation/domain/errors.ts";

/** Looks after one request: its signal aborts with `AiError` "timeout" when something expected does not come. */
export type Watch = {
  readonly signal: AbortSignal;
  /** Whether the caller gave up, and not the watch. */
  cancelled(): boolean;
  /** From now on the waits may last `ms` together, or `what` has happened: "no first token". */
  expect(what: string, ms: number): void;
  /** Waits. Only this time counts, not what the reader of the answer takes in between. */
  during<T>(wait: () => Promise<T>): Promise<T>;
  stop(): void;
};

/** Starts to watch. `signal` aborts it with its own reason. */
export function watch(label: string, totalMs: number, signal: AbortSignal): Watch {
  const controller = new AbortController();
  const cancel = () => controller.abort(signal.reason);
  signal.addEventListener("abort", cancel, { once: true });
  if (signal.aborted) cancel();

  const total = setTimeout(fail, totalMs, "no end", totalMs);
  let expected = { what: "nothing", ms: totalMs };
  let leftMs = totalMs;

  function fail(what: string, ms: number): void {
    controller.abort(new AiError("timeout", `${label} sent ${what} within ${ms / 1_000} s`));
  }

  return {
    signal: controller.signal,
    cancelled: () => signal.aborted,
    expect(what, ms) {
      expected = { what, ms };
      leftMs = ms;
    },
    async during(wait) {
      const startedAt = performance.now();
      const timer = setTimeout(fail, leftMs, expected.what, expected.ms);
      try {
        return await wait();
      } finally {
        clearTimeout(timer);
        leftMs -= performance.now() - startedAt;
      }
    },
    stop() {
      clearTimeout(total);
      signal.removeEventListener("abort", cancel);
    },
  };
}
