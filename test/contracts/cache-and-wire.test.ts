import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RateLimiter } from "../../src/conversation/ports/rate-limiter.ts";
import { type SessionCache, sessionKey } from "../../src/conversation/ports/session-cache.ts";
import type { Wire } from "../../src/conversation/ports/wire.ts";
import { Secret } from "../../src/secret.ts";
import { inProcessRateLimiter } from "../../src/store/in-process/in-process-rate-limiter.ts";
import { inProcessSessionCache } from "../../src/store/in-process/in-process-session-cache.ts";
import { inProcessWire } from "../../src/store/in-process/in-process-wire.ts";
import { connectPostgres, type Postgres } from "../../src/store/postgres/connect-postgres.ts";
import { postgresWire } from "../../src/store/postgres/postgres-wire.ts";
import { connectRedis, type Redis } from "../../src/store/redis/connect-redis.ts";
import { redisRateLimiter } from "../../src/store/redis/redis-rate-limiter.ts";
import { redisSessionCache } from "../../src/store/redis/redis-session-cache.ts";
import { redisWire } from "../../src/store/redis/redis-wire.ts";
import { message } from "../messages.ts";
import { type FreshDatabase, freshDatabase } from "../setup/fresh-database.ts";
import { redisUrl, startRedis } from "../setup/redis.ts";
import { until } from "../until.ts";

const ids = { userId: "7", conversationId: "9" };
const report = () => {};
const withoutRedis = redisUrl() === undefined;
const why = withoutRedis ? " (skipped: there is no Redis here)" : "";

let redis: Redis;
let database: FreshDatabase;
let postgres: Postgres;

beforeAll(async () => {
  database = await freshDatabase();
  postgres = connectPostgres({ url: new Secret(database.url), connectionsMax: 4, report });
  const url = redisUrl();
  if (url) redis = await connectRedis(new Secret(url), report);
});
afterAll(async () => {
  if (!withoutRedis) await redis.close();
  await postgres.close();
  await database.drop();
});

const caches: readonly [string, boolean, (ttlMs: number) => SessionCache][] = [
  ["in the process", false, inProcessSessionCache],
  [`in Redis${why}`, withoutRedis, (ttlMs) => redisSessionCache(redis, ttlMs)],
];

describe.each(caches)("sessions cached %s", (_where, isSkipped, open) => {
  test.skipIf(isSkipped)("are found until they are deleted", async () => {
    const cache = open(60_000);
    const key = `session:test:${randomUUID()}`;
    expect(await cache.get(key)).toBeUndefined();
    await cache.put(key, ids);
    await cache.touch(key);
    expect(await cache.get(key)).toEqual(ids);
    await cache.delete(key);
    expect(await cache.get(key)).toBeUndefined();
  });

  test.skipIf(isSkipped)("are forgotten after their time, but not while they are used", async () => {
    const cache = open(1_000);
    const [used, idle] = [`session:test:${randomUUID()}`, `session:test:${randomUUID()}`];
    let isUsed = false;
    await until(async () => {
      if (!isUsed) for (const key of [used, idle]) await cache.put(key, ids); // anew where we came too late ourselves
      await cache.touch(used);
      isUsed = (await cache.get(used)) !== undefined;
      return isUsed && (await cache.get(idle)) === undefined;
    }, "the idle session is forgotten, and the used one is not");
  });

  test.skipIf(isSkipped)("that are gone are not brought back by an activity", async () => {
    const cache = open(60_000);
    const key = `session:test:${randomUUID()}`;
    await cache.touch(key);
    expect(await cache.get(key)).toBeUndefined();
  });
});

test("a session has the key session:<channel>:<user>, in a group with the room", () => {
  expect(sessionKey(message({ channel: "discord", author: { id: "user123", name: "U" } }))).toBe(
    "session:discord:user123",
  );
  expect(sessionKey(message({ channel: "discord", audience: "group", room: "r" }))).toBe("session:discord:ada:r");
});

test.skipIf(withoutRedis)(`a session in Redis is a hash with the configured TTL${why}`, async () => {
  const key = `session:test:${randomUUID()}`;
  await until(async () => {
    await redisSessionCache(redis, 3_600_000).put(key, ids); // which a Redis that is busy may miss
    return await redis.client.exists(key);
  }, "it is cached");
  expect(await redis.client.hGetAll(key)).toMatchObject({ user_id: "7", conversation_id: "9" });
  expect(await redis.client.ttl(key)).toBeGreaterThan(3_500);
});

test.skipIf(withoutRedis)(`nonsense in the cache is no session${why}`, async () => {
  const key = `session:test:${randomUUID()}`;
  await redis.client.hSet(key, { user_id: "1; drop table users", conversation_id: "9" });
  expect(await redisSessionCache(redis, 60_000).get(key)).toBeUndefined();
});

test.skipIf(withoutRedis)(`a Redis that dies answers nothing, and serves again when it is back${why}`, async () => {
  const server = await startRedis();
  const mortal = await connectRedis(new Secret(server.url), report);
  const cache = redisSessionCache(mortal, 60_000);
  await cache.put("session:test:1", ids);
  expect(await cache.get("session:test:1")).toEqual(ids);

  await server.kill();
  expect(await cache.get("session:test:1")).toBeUndefined();
  await expect(mortal.ping()).rejects.toThrow();

  const next = await startRedis(server.port);
  await until(
    async () => {
      await cache.put("session:test:1", ids);
      return await cache.get("session:test:1");
    },
    "Redis serves again",
    30_000,
  );
  await mortal.close();
  await next.stop();
});

test.skipIf(withoutRedis)(`a process that stood still does not take Redis for slow${why}`, async () => {
  const cache = redisSessionCache(redis, 60_000);
  const key = `session:test:${randomUUID()}`;
  await cache.put(key, ids);
  const asked = cache.get(key);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
  expect(await asked).toEqual(ids);
});

const limiters: readonly [string, boolean, (perMinute: number) => RateLimiter][] = [
  ["in the process", false, inProcessRateLimiter],
  [`in Redis${why}`, withoutRedis, (perMinute) => redisRateLimiter(redis, perMinute)],
];

describe.each(limiters)("limits counted %s", (_where, isSkipped, open) => {
  test.skipIf(isSkipped)("let so many through, tell the first that is refused, and count people apart", async () => {
    const limiter = open(2);
    const [ada, bob] = [randomUUID(), randomUUID()];
    expect(await limiter.take(ada)).toEqual({ kind: "granted", nth: 1 });
    expect(await limiter.take(ada)).toEqual({ kind: "granted", nth: 2 });
    const refused = await limiter.take(ada);
    expect(refused).toMatchObject({ kind: "refused", first: true });
    expect(refused.kind === "refused" && refused.retryAfterMs).toBeGreaterThan(50_000);
    expect(await limiter.take(ada)).toMatchObject({ kind: "refused", first: false });
    expect((await limiter.take(bob)).kind).toBe("granted");
  });

  test.skipIf(isSkipped)("give back what was not used", async () => {
    const limiter = open(1);
    const ada = randomUUID();
    await limiter.take(ada);
    await limiter.giveBack(ada);
    expect((await limiter.take(ada)).kind).toBe("granted");
  });
});

type Wires = { near: Wire; far: Wire; close(): Promise<void> };
const wires: readonly [string, boolean, () => Wires][] = [
  [
    "in the process",
    false,
    () => {
      const wire = inProcessWire();
      return { near: wire, far: wire, async close() {} };
    },
  ],
  ["over PostgreSQL", false, () => pair(() => postgresWire(postgres, report))],
  [`over Redis${why}`, withoutRedis, () => pair(() => redisWire(redis, report))],
];

function pair(open: () => Wire & { close(): Promise<void> }): Wires {
  const [near, far] = [open(), open()];
  return {
    near,
    far,
    async close() {
      await near.close();
      await far.close();
    },
  };
}

describe.each(wires)("hints %s", (_where, isSkipped, open) => {
  test.skipIf(isSkipped)("are heard by everyone on the topic until they leave, and by nobody else", async () => {
    const { near, far, close } = open();
    const leaving = new AbortController();
    const [here, there, elsewhere]: unknown[][] = [[], [], []];
    near.hear("a", (hint) => here?.push(hint), new AbortController().signal);
    far.hear("a", (hint) => there?.push(hint), leaving.signal);
    far.hear("b", (hint) => elsewhere?.push(hint), new AbortController().signal);
    await until(() => {
      near.send("a", { draft: "x" });
      return there?.length;
    }, "the hint has arrived");
    expect(here?.[0]).toEqual({ draft: "x" });
    expect(there?.[0]).toEqual({ draft: "x" });
    expect(elsewhere).toEqual([]);

    leaving.abort();
    const heard = there?.length;
    near.send("a", "after");
    near.send("b", "last");
    await until(() => elsewhere?.includes("last"), "a later hint has arrived");
    expect(there?.length).toBe(heard);
    await close();
  });

  test.skipIf(isSkipped)("are heard once by the one who sends", async () => {
    const { near, far, close } = open();
    const here: unknown[] = [];
    const there: unknown[] = [];
    near.hear("once", (hint) => here.push(hint), new AbortController().signal);
    far.hear("ready", (hint) => there.push(hint), new AbortController().signal);
    near.send("once", 1);
    await until(() => {
      near.send("ready", null);
      return there.length;
    }, "the wire is up");
    expect(here).toEqual([1]);
    await close();
  });
});
