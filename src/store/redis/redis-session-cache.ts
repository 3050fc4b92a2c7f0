import type { SessionCache } from "../../conversation/ports/session-cache.ts";
import type { Redis } from "./connect-redis.ts";

/** Sessions as hashes `session:<channel>:<user>` with the fields user_id, conversation_id and last_activity. */
export function redisSessionCache({ attempt }: Redis, ttlMs: number): SessionCache {
  const ttlSeconds = Math.max(1, Math.round(ttlMs / 1_000));
  return {
    async get(key) {
      const fields = await attempt((client) => client.hGetAll(key));
      const { user_id: userId, conversation_id: conversationId } = fields ?? {};
      // Whatever stands there may have been written by someone else.
      if (!isId(userId) || !isId(conversationId)) return undefined;
      return { userId, conversationId };
    },
    async put(key, { userId, conversationId }) {
      const fields = { user_id: userId, conversation_id: conversationId, last_activity: new Date().toISOString() };
      await attempt((client) => client.multi().hSet(key, fields).expire(key, ttlSeconds).exec());
    },
    async touch(key) {
      // Only where the session still stands: an activity alone is no session.
      await attempt((client) =>
        client.eval(touchIfThere, { keys: [key], arguments: [new Date().toISOString(), String(ttlSeconds)] }),
      );
    },
    async delete(key) {
      await attempt((client) => client.del(key));
    },
  };
}

const touchIfThere = `if redis.call("exists", KEYS[1]) == 1 then
  redis.call("hset", KEYS[1], "last_activity", ARGV[1])
  redis.call("expire", KEYS[1], ARGV[2])
end`;

function isId(text: string | undefined): text is string {
  return text !== undefined && /^\d{1,19}$/.test(text);
}
