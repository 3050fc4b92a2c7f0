import { expect, test } from "vitest";
import pg from "pg";
import { answerMessage } from "../../src/conversation/answer-message.ts";
import { StoreError } from "../../src/conversation/domain/errors.ts";
import { limits } from "../../src/conversation/domain/limits.ts";
import { holdTurns } from "../../src/conversation/hold-turns.ts";
import type { Gateway } from "../../src/conversation/ports/gateway.ts";
import { Secret } from "../../src/secret.ts";
import { openStore } from "../../src/store/open-store.ts";
import { connectPostgres } from "../../src/store/postgres/connect-postgres.ts";
import { migrate } from "../../src/store/postgres/migrate.ts";
import { silentJournal } from "../conversation/small-world.ts";
import { message } from "../messages.ts";
import { freshDatabase } from "../setup/fresh-database.ts";
import { until } from "../until.ts";

// What the scenarios have found, each as the smallest test that fails without its remedy.

/** postgres-stops, seed 2: 60 answers stood twice, for each instance took the others for dead. */
test("when the database drops all connections, living instances are not taken for dead", async () => {
  const database = await freshDatabase();
  const [first, second] = [await open(database.url), await open(database.url)];
  const operator = new pg.Client(database.url);
  await operator.connect();

  await first.inbox.keep([{ kind: "question", message: message(), whenFull: { turnsMax: 100 } }]);
  expect(await first.inbox.claim(1, 15_000)).toHaveLength(1);
  // Those that were opened last first: who looks has lost its own connection too, as in a restart of the server.
  const { rows } = await operator.query<{ pid: number }>(
    "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() order by backend_start desc",
  );
  for (const { pid } of rows) await operator.query("select pg_terminate_backend($1, 1000)", [pid]);
  const freed = () => second.inbox.freeAbandoned().catch(() => undefined);
  expect(await until(async () => String((await freed()) ?? ""), "the database answers again")).toBe("0");

  // Who is dead indeed is found out a moment later.
  await first.close();
  await until(async () => (await freed()) === 1, "the dead one's room is free", 30_000);
  await second.close();
  await operator.end();
  await database.drop();
});

/** commit-never-told, seed 42: an instance died when its connection broke in the middle of a transaction. */
test("a connection that breaks between a transaction's statements is an error, and not the end of the process", async () => {
  const database = await freshDatabase();
  const postgres = connectPostgres({ url: new Secret(database.url), connectionsMax: 1, report() {} });
  const pidOf = async (query: typeof postgres.query) => {
    const [row] = await query<{ pid: number }>({ name: "pid", text: "select pg_backend_pid() as pid" }, []);
    return row?.pid ?? 0;
  };
  const operator = new pg.Client(database.url);
  await operator.connect();
  const cutOff = postgres.transaction(async (query) => {
    await operator.query("select pg_terminate_backend($1, 1000)", [await pidOf(query)]);
    return await pidOf(query);
  });
  await expect(cutOff).rejects.toThrow(StoreError);
  expect(await pidOf(postgres.query)).toBeGreaterThan(0);
  await postgres.close();
  await operator.end();
  await database.drop();
});

/** sigstop, seed 42: the AI was asked, and paid, for a turn that another instance had taken and answered meanwhile. */
test("a process that stood still for longer than its lease asks the AI for nothing when it goes on", async () => {
  const database = await freshDatabase();
  const [store, other] = [await open(database.url), await open(database.url)];
  const short = { ...limits, leaseMs: 2_000 }; // as long as the database has to tell whose the turn is
  let asked = 0;
  const taken = Promise.withResolvers<void>();
  const gateway: Gateway = {
    ...store,
    inbox: {
      ...store.inbox,
      async renew(...given) {
        await taken.promise; // else it may be told before the claim, and is then right
        return await store.inbox.renew(...given);
      },
    },
    sessions: {
      ...store.sessions,
      async record(...given) {
        const session = await store.sessions.record(...given);
        standStill(short.leaseMs + 50);
        expect(await other.inbox.claim(1, 60_000)).toHaveLength(1);
        taken.resolve();
        return session;
      },
    },
    channels: new Map(),
    ai: {
      async *stream() {
        asked += 1;
        yield { end: "complete", model: "small" };
      },
    },
    documents: { read: async () => ({ kind: "unread", because: "format" }) },
    models: { list: async () => [], resolve: async (name) => ({ kind: "unverified", model: name }) },
    journal: silentJournal,
    house: { model: async () => "small", instructions: "", personas: [] },
    limits: short,
  };
  await store.inbox.keep([{ kind: "question", message: message(), whenFull: { turnsMax: 100 } }]);
  const [claim] = await store.inbox.claim(1, short.leaseMs);
  if (!claim) throw new Error("there was nothing to claim");
  const holding = holdTurns(gateway, new AbortController().signal);
  const held = holding.take(claim, performance.now());

  await expect(answerMessage(held, gateway)).rejects.toBe("lost");
  expect(asked).toBe(0);
  holding.end();
  await Promise.all([store.close(), other.close()]);
  await database.drop();
});

/** Nothing runs meanwhile, as in a process that got SIGSTOP. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

async function open(url: string) {
  const postgres = connectPostgres({ url: new Secret(url), connectionsMax: 3, report() {} });
  await migrate(postgres);
  const store = await openStore({
    postgres,
    isShared: true,
    sessionTtlMs: 60_000,
    messagesPerMinute: 20,
    report() {},
  });
  const close = async () => {
    await store.close();
    await postgres.close();
  };
  return { ...store, close };
}
