import { pageLimits } from "../limits.ts";

/** How long to wait before try number `failures` + 1: growing, spread by chance, never less than the server asked for. */
export function retryPauseMs(failures: number, retryAfterMs = 0): number {
  const ceilingMs = Math.min(pageLimits.retryMs * 2 ** Math.min(failures - 1, 10), pageLimits.retryMsMax);
  return Math.max(retryAfterMs, ceilingMs * (0.5 + Math.random() / 2));
}

/** Waits, but not longer than until the network is back or the page is looked at again. Rejects when `signal` aborts. */
export function pauseUntilPromising(ms: number, signal: AbortSignal): Promise<void> {
  return waitFor(ms, signal, (listen) => {
    listen(window, "online");
    listen(document, "visibilitychange");
  });
}

/** Waits the whole time. Rejects when `signal` aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return waitFor(ms, signal, () => {});
}

type Listen = (target: EventTarget, event: string) => void;

async function waitFor(ms: number, signal: AbortSignal, hear: (listen: Listen) => void): Promise<void> {
  const over = new AbortController();
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    const listen: Listen = (target, event) => target.addEventListener(event, () => resolve(), { signal: over.signal });
    listen(signal, "abort");
    hear(listen);
    over.signal.addEventListener("abort", () => clearTimeout(timer));
    if (signal.aborted) resolve();
  });
  over.abort();
  signal.throwIfAborted();
}
