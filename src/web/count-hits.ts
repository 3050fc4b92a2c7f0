import { callbackify } from "node:util";
import type { FastifyRateLimitOptions, FastifyRateLimitStore, FastifyRateLimitStoreCtor } from "@fastify/rate-limit";

/** Counts one more request under `key`, for all instances: how many there were in this window, and how long it still lasts. */
export type SharedHits = (
  key: string,
  windowMs: number,
) => Promise<{ readonly count: number; readonly leftMs: number }>;

/** The rate limit's store over a count that all instances share. When the count fails the request passes. */
export function countHits(hits: SharedHits): FastifyRateLimitStoreCtor {
  const count = callbackify(async (key: string, windowMs: number) => {
    const { count, leftMs } = await hits(key, windowMs);
    return { current: count, ttl: leftMs };
  });
  return class Store implements FastifyRateLimitStore {
    readonly #scope: string;

    constructor(_options: FastifyRateLimitOptions, scope = "") {
      this.#scope = scope;
    }

    incr(key: string, done: Parameters<FastifyRateLimitStore["incr"]>[1], windowMs: number): void {
      count(`http:${this.#scope}${key}`, windowMs, done);
    }

    /** A route with a limit of its own counts apart. */
    child(route: Parameters<FastifyRateLimitStore["child"]>[0]): FastifyRateLimitStore {
      return new Store({}, `${String(route.method)} ${route.path}:`);
    }
  };
}
