import type pg from "pg";
import { fairShares } from "../migrations/0008-fair-shares.ts";
import { first } from "../migrations/0001-first.ts";
import { operators } from "../migrations/0003-operators.ts";
import { places } from "../migrations/0004-places.ts";
import { receivers } from "../migrations/0002-receivers.ts";
import { shutRooms } from "../migrations/0005-shut-rooms.ts";
import { revisions } from "../migrations/0006-revisions.ts";
import { instructions } from "../migrations/0007-instructions.ts";
import { savedAfter } from "../migrations/0009-saved-after.ts";
import { replayedAt } from "../migrations/0010-replayed-at.ts";
import { begunAt } from "../migrations/0011-begun-at.ts";
import type { Postgres } from "./connect-postgres.ts";

/** Forward only, in this order, listed in code. Each must work with the previous version still running. */
const migrations: readonly (readonly [name: string, statements: readonly string[]])[] = [
  ["0001-first", first],
  ["0002-receivers", receivers],
  ["0003-operators", operators],
  ["0004-places", places],
  ["0005-shut-rooms", shutRooms],
  ["0006-revisions", revisions],
  ["0007-instructions", instructions],
  ["0008-fair-shares", fairShares],
  ["0009-saved-after", savedAfter],
  ["0010-replayed-at", replayedAt],
  ["0011-begun-at", begunAt],
];

/** Building an index over years of messages takes its time, and whoever waits for it waits as long. */
const migrateMsMax = 60 * 60_000;
const migrationLock = 0x50_61_72_6d;

/**
 * Brings the database up to date. Many instances may start at once: one migrates under an advisory lock, the others wait for it. All
 * that is missing is done in one transaction.
 *
 * @returns the names of the migrations that ran
 * @throws Error of the migration that failed; nothing has changed
 */
export async function migrate(postgres: Postgres): Promise<readonly string[]> {
  const client = await postgres.dedicated();
  try {
    // Outside of the transaction: it must not begin before the other's has ended, or it would not see what that one did.
    await run(client, "select pg_advisory_lock($1)", [migrationLock]);
    await run(client, "begin");
    const ran = await runMissing(client);
    await run(client, "commit");
    return ran;
  } finally {
    await client.end(); // with it go the lock, and a transaction that failed
  }
}

async function runMissing(client: pg.Client): Promise<string[]> {
  await run(
    client,
    "create table if not exists migrations (name text primary key, ran_at timestamptz not null default now())",
  );
  const done = new Set((await run<{ name: string }>(client, "select name from migrations")).map(({ name }) => name));
  const missing = migrations.filter(([name]) => !done.has(name));
  for (const [name, statements] of missing) {
    for (const statement of statements) await run(client, statement);
    await run(client, "insert into migrations (name) values ($1)", [name]);
  }
  return missing.map(([name]) => name);
}

async function run<Row extends object>(
  client: pg.Client,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const { rows } = await client.query<Row>({
    text,
    values: [...values],
    query_timeout: migrateMsMax,
  } as pg.QueryConfig);
  return rows;
}
