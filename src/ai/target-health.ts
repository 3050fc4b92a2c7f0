import {
  circuitBreaker,
  CircuitState,
  handleWhen,
  type CircuitBreakerPolicy,
  type IBackoff,
  type IBreaker,
} from "cockatiel";
import { LRUCache } from "lru-cache";
import { AiError } from "../conversation/domain/errors.ts";
import type { AiLimits } from "./ai-limits.ts";

/** What is known of each provider and model: whether it fails too often, and until when it asked to be left alone. */
type TargetHealth = {
  /** Why the target is not asked now; undefined when it may be. Call `attempt` in the same tick. */
  refusal(target: string): AiError | undefined;
  /** How long it wants to be left alone, when that is short enough to wait. */
  pauseMs(target: string): number;
  /** Runs `ask` and learns from how it goes. */
  attempt<T>(target: string, ask: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /** Learns of a failure after the attempt itself went well. */
  failed(target: string, error: unknown): void;
};

type Breaker = { readonly policy: CircuitBreakerPolicy; openUntilMs: number };
type Cooldown = { readonly error: AiError; readonly untilMs: number };

/**
 * A breaker and a cooldown per target. 429 and a spent quota make a cooldown and are no failures; what is wrong with
 * the request, and an abort, is neither. `report` hears when a breaker opens.
 */
export function targetHealth(limits: AiLimits, report: (what: string, error: unknown) => void): TargetHealth {
  const breakers = new LRUCache<string, Breaker>({ max: limits.targetsMax });
  const cooldowns = new LRUCache<string, Cooldown>({ max: limits.targetsMax });

  return {
    refusal(target) {
      const cooldown = cooldowns.get(target);
      const leftMs = cooldown ? cooldown.untilMs - performance.now() : 0;
      if (cooldown && leftMs > limits.cooldownWaitMsMax) return again(cooldown.error, leftMs);
      const breaker = breakers.get(target);
      return breaker && breakerRefusal(target, breaker);
    },
    pauseMs(target) {
      const leftMs = (cooldowns.get(target)?.untilMs ?? 0) - performance.now();
      return leftMs > limits.cooldownWaitMsMax ? 0 : Math.max(0, leftMs);
    },
    async attempt(target, ask, signal) {
      try {
        return await breakerOf(target).policy.execute(ask, signal);
      } catch (error) {
        if (!signal.aborted) cool(target, error);
        throw error;
      }
    },
    failed(target, error) {
      const broke = () => Promise.reject(error instanceof Error ? error : new Error(String(error)));
      breakerOf(target)
        .policy.execute(broke)
        .catch(() => {});
    },
  };

  function breakerOf(target: string): Breaker {
    const breaker = breakers.get(target) ?? createBreaker(limits);
    if (breakers.has(target)) return breaker;
    breaker.policy.onBreak((reason) =>
      report(`${target} fails too often and is left alone for a while`, "error" in reason ? reason.error : reason),
    );
    breakers.set(target, breaker);
    return breaker;
  }

  function cool(target: string, error: unknown): void {
    if (!(error instanceof AiError)) return;
    const isQuota = error.kind === "quota";
    const waitMs = isQuota ? Math.max(error.retryAfterMs, limits.quotaCooldownMs) : error.retryAfterMs;
    if (waitMs > 0 && (isQuota || error.retryable))
      cooldowns.set(target, { error, untilMs: performance.now() + waitMs });
  }
}

/** Open, or busy with its one probe: cockatiel would make the others wait for the probe. */
function breakerRefusal(target: string, { policy, openUntilMs }: Breaker): AiError | undefined {
  const leftMs = Math.max(0, openUntilMs - performance.now());
  const isOpen = policy.state === CircuitState.Open && leftMs > 0;
  if (!isOpen && policy.state !== CircuitState.HalfOpen) return undefined;
  const last = policy.lastFailure;
  const said = last && "error" in last && last.error instanceof Error ? `; the last time: ${last.error.message}` : "";
  const message = `${target} failed too often and is left alone for now${said}`;
  return new AiError("unavailable", message, { retryAfterMs: leftMs });
}

function again({ kind, message }: AiError, retryAfterMs: number): AiError {
  return new AiError(kind, message, { retryAfterMs });
}

const failures: ReadonlySet<string> = new Set(["unavailable", "timeout", "broken"]);

function createBreaker(limits: AiLimits): Breaker {
  const opened = (openMs: number) => void (breaker.openUntilMs = performance.now() + openMs);
  const policy: CircuitBreakerPolicy = circuitBreaker(
    // A probe that was aborted has proved nothing: the breaker opens again.
    handleWhen((error) =>
      error instanceof AiError ? failures.has(error.kind) : policy.state === CircuitState.HalfOpen,
    ),
    {
      breaker: slidingWindow(limits),
      halfOpenAfter: { next: () => doubling(limits.breakerOpenMs, limits.breakerOpenMsMax, opened) },
    },
  );
  const breaker: Breaker = { policy, openUntilMs: 0 };
  return breaker;
}

function doubling(durationMs: number, maxMs: number, opened: (openMs: number) => void): IBackoff<unknown> {
  opened(durationMs);
  return { duration: durationMs, next: () => doubling(Math.min(durationMs * 2, maxMs), maxMs, opened) };
}

/** Opens on a share of failures in the window, or on failures in a row. Cockatiel's own samples forget only when they are called. */
function slidingWindow(limits: AiLimits): IBreaker {
  const callsMax = 1_000;
  let calls: { readonly atMs: number; readonly failed: boolean }[] = [];
  let inARow = 0;

  function add(failed: boolean): void {
    const atMs = performance.now();
    calls.push({ atMs, failed });
    while (calls.length > callsMax || (calls[0]?.atMs ?? atMs) <= atMs - limits.breakerWindowMs) calls.shift();
    inARow = failed ? inARow + 1 : 0;
  }

  return {
    state: undefined,
    success(state) {
      if (state === CircuitState.HalfOpen) calls = [];
      add(false);
    },
    failure(state) {
      add(true);
      if (state !== CircuitState.Closed || inARow >= limits.breakerFailuresInARow) return true;
      const failed = calls.filter((call) => call.failed).length;
      return calls.length >= limits.breakerCallsMin && failed >= calls.length * limits.breakerFailureShare;
    },
  };
}
