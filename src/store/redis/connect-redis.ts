import { createClient } from "redis";
import type { Secret } from "../../secret.ts";

/** One Redis, as the rest of the store uses it. Never in the way: what it cannot do in time counts as undone. */
export type Redis = {
  readonly client: RedisClient;
  /** Runs `call`; undefined when Redis is away or does not answer in time. */
  attempt<T>(call: (client: RedisClient) => Promise<T>): Promise<T | undefined>;
  /** Throws when Redis does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
};

export type RedisClient = ReturnType<typeof newClient>;

const answerMs = 250;
/** In so many steps, of which a process that stood still itself has missed one. */
const steps = 5;
/** After an answer that did not come, nobody waits for Redis this long. */
const pauseMs = 1_000;
const reconnectMsMax = 2_000;

/** Connects, and keeps reconnecting. Resolves at the first connection or after a moment without one: the program starts also without Redis. */
export async function connectRedis(url: Secret, report: (what: string, error: unknown) => void): Promise<Redis> {
  const client = newClient(url);
  client.on("error", (error: unknown) => report("Redis", error));
  const connecting = client.connect().catch((error: unknown) => report("connecting to Redis", error));
  await Promise.race([connecting, new Promise((resolve) => setTimeout(resolve, 2_000).unref())]);
  let pausedUntilMs = 0;

  return {
    client,
    async attempt(call) {
      if (!client.isReady || performance.now() < pausedUntilMs) return undefined;
      try {
        return await inTime(call(client));
      } catch (error) {
        pausedUntilMs = performance.now() + pauseMs;
        report("asking Redis", error);
        return undefined;
      }
    },
    async ping() {
      if (!client.isReady) throw new Error("not connected");
      await inTime(client.ping());
    },
    async close() {
      client.destroy();
    },
  };
}

function newClient(url: Secret) {
  return createClient({
    url: url.reveal(),
    disableOfflineQueue: true,
    commandsQueueMaxLength: 10_000,
    pingInterval: 10_000,
    socket: {
      connectTimeout: 2_000,
      reconnectStrategy: (tries) => Math.min(100 * 2 ** Math.min(tries, 10), reconnectMsMax),
    },
  });
}

async function inTime<T>(call: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    let left = steps;
    timer = setInterval(() => {
      left -= 1;
      if (left === 0) reject(new Error(`no answer within ${answerMs} ms`));
    }, answerMs / steps);
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    clearInterval(timer);
  }
}
