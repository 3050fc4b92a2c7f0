import { Secret } from "../../src/secret.ts";
import { openStore, type Store } from "../../src/store/open-store.ts";
import { connectPostgres } from "../../src/store/postgres/connect-postgres.ts";
import { migrate } from "../../src/store/postgres/migrate.ts";
import { freshDatabase } from "./fresh-database.ts";

export type TestStore = Store & {
  readonly url: string;
  /** A second instance on the same database; its `close` is a clean death. */
  another(): Promise<Store>;
  /** What is due later, is due now: leases, pauses and the times in which messages may join others are over. */
  passTime(): Promise<void>;
  /** All that was kept, was kept that much earlier. */
  keptEarlier(interval: string): Promise<void>;
  /** Takes the database away for good. */
  loseDatabase(): Promise<void>;
  /** Closes everything and drops the database. */
  drop(): Promise<void>;
};

/** A store of the caller's own on an empty database, without Redis. */
export async function openTestStore(): Promise<TestStore> {
  const database = await freshDatabase();
  const closing: (() => Promise<unknown>)[] = [database.drop];

  const open = async (): Promise<Store> => {
    const postgres = connectPostgres({ url: new Secret(database.url), connectionsMax: 20, report() {} });
    closing.push(postgres.close);
    await migrate(postgres);
    const store = await openStore({
      postgres,
      isShared: true,
      sessionTtlMs: 60_000,
      messagesPerMinute: 20,
      report() {},
    });
    closing.push(store.close);
    return store;
  };
  const store = await open();
  return {
    ...store,
    url: database.url,
    another: open,
    passTime: () => database.run("update rooms set due_at = now(), join_until = now() where due_at < 'infinity'"),
    keptEarlier: (interval) => database.run(`update turns set kept_at = kept_at - interval '${interval}'`),
    loseDatabase: database.drop,
    async drop() {
      for (const close of closing.toReversed()) await close();
    },
  };
}
