import { LRUCache } from "lru-cache";
import type { SessionIds } from "../../conversation/domain/session.ts";
import type { SessionCache } from "../../conversation/ports/session-cache.ts";

const sessionsMax = 20_000;

/** The session cache of a single process. */
export function inProcessSessionCache(ttlMs: number): SessionCache {
  const sessions = new LRUCache<string, SessionIds>({ max: sessionsMax, ttl: ttlMs });
  return {
    get: async (key) => sessions.get(key),
    async put(key, ids) {
      sessions.set(key, ids);
    },
    async touch(key) {
      sessions.get(key, { updateAgeOnGet: true });
    },
    async delete(key) {
      sessions.delete(key);
    },
  };
}
