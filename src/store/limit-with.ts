import { type RateLimiterAbstract, RateLimiterRes } from "rate-limiter-flexible";
import type { Permit, RateLimiter } from "../conversation/ports/rate-limiter.ts";

/** The port over a limiter of rate-limiter-flexible, wherever that counts. A limiter that fails allows. */
export function limitWith(limiter: RateLimiterAbstract): RateLimiter {
  return {
    async take(key): Promise<Permit> {
      try {
        const { consumedPoints } = await limiter.consume(key);
        return { kind: "granted", nth: consumedPoints };
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) return { kind: "granted", nth: 1 };
        const first = refusal.consumedPoints === limiter.points + 1;
        return { kind: "refused", retryAfterMs: refusal.msBeforeNext, first };
      }
    },
    async giveBack(key) {
      await limiter.reward(key).catch(() => {});
    },
  };
}
