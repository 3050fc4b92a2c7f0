import type { Redis } from "./connect-redis.ts";

/** Counts one more hit under a key, for all instances: how many in this window, and how long it still lasts. */
export type CountHit = (key: string, windowMs: number) => Promise<{ readonly count: number; readonly leftMs: number }>;

/** Fixed windows in Redis. Throws when Redis is away: whoever counts decides what that means. */
export function redisHits({ attempt }: Redis): CountHit {
  return async (key, windowMs) => {
    const answer = await attempt((client) =>
      client.eval(countHit, { keys: [`hits:${key}`], arguments: [String(windowMs)] }),
    );
    const [count, leftMs] = Array.isArray(answer) ? answer.map(Number) : [];
    if (count === undefined || leftMs === undefined) throw new Error("Redis did not count");
    return { count, leftMs };
  };
}

const countHit = `local count = redis.call("incr", KEYS[1])
if count == 1 then redis.call("pexpire", KEYS[1], ARGV[1]) end
return {count, redis.call("pttl", KEYS[1])}`;
