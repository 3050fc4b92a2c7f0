import { RateLimiterMemory, RateLimiterRedis } from "rate-limiter-flexible";
import type { RateLimiter } from "../../conversation/ports/rate-limiter.ts";
import { limitWith } from "../limit-with.ts";
import type { Redis } from "./connect-redis.ts";

/** Counts for all instances together; in this process alone while Redis is away. */
export function redisRateLimiter({ client, attempt }: Redis, perMinute: number): RateLimiter {
  const window = { points: perMinute, duration: 60 };
  const inProcess = limitWith(new RateLimiterMemory(window));
  const shared = limitWith(
    new RateLimiterRedis({
      ...window,
      storeClient: client,
      useRedisPackage: true,
      keyPrefix: "limit",
      rejectIfRedisNotReady: true,
      insuranceLimiter: new RateLimiterMemory(window),
    }),
  );
  return {
    take: async (key) => (await attempt(() => shared.take(key))) ?? (await inProcess.take(key)),
    giveBack: async (key) => {
      await attempt(() => shared.giveBack(key));
    },
  };
}
