import { expect, test } from "vitest";
import pg from "pg";
import { Secret } from "../../src/secret.ts";
import { openStore } from "../../src/store/open-store.ts";
import { connectPostgres } from "../../src/store/postgres/connect-postgres.ts";
import { migrate } from "../../src/store/postgres/migrate.ts";
import { message } from "../messages.ts";
import { freshDatabase } from "../setup/fresh-database.ts";
import { until } from "../until.ts";

// What the scenarios have found, each as the smallest test that fails without its remedy.

/** postgres-stops, seed 2: 60 answers stood twice, for each instance took the others for dead. */
test("when the database drops all connections, living instances are not taken for dead", async () => {
  const database = await freshDatabase();
  const open = async () => {
    const postgres = connectPostgres({ url: new Secret(database.url), connectionsMax: 3, report() {} });
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
  };
  const [first, second] = [await open(), await open()];
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
  await until(async () => (await freed()) === 1, "the dead one's room is free", 10_000);
  await second.close();
  await operator.end();
  await database.drop();
});
