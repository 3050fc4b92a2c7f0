import { RateLimiterMemory } from "rate-limiter-flexible";
import type { RateLimiter } from "../../conversation/ports/rate-limiter.ts";
import { limitWith } from "../limit-with.ts";

/** Counts in this process alone. */
export function inProcessRateLimiter(perMinute: number): RateLimiter {
  return limitWith(new RateLimiterMemory({ points: perMinute, duration: 60 }));
}
