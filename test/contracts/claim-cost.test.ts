import pg from "pg";
import { expect, test } from "vitest";
import type { Inbox } from "../../src/conversation/ports/inbox.ts";
import { Secret } from "../../src/secret.ts";
import { connectPostgres } from "../../src/store/postgres/connect-postgres.ts";
import { holdPresence } from "../../src/store/postgres/hold-presence.ts";
import { migrate } from "../../src/store/postgres/migrate.ts";
import { postgresInbox } from "../../src/store/postgres/postgres-inbox.ts";
import { freshDatabase } from "../setup/fresh-database.ts";
import { until } from "../until.ts";

type Past = { readonly finished: number; readonly waiting: number };
/** Rows that were read one by one through a whole table, and rows and pages that were fetched, per claim. */
type Cost = { readonly scanned: number; readonly rows: number; readonly pages: number };

const claims = 20;

test(
  "a claim reads no more among 100,000 finished turns, 2,000 resting rooms and 10,000 waiting ones than among a few",
  { timeout: 180_000 },
  async () => {
    const small = await costOfClaim({ finished: 100, waiting: 30 });
    const large = await costOfClaim({ finished: 100_000, waiting: 10_000 });
    expect(large.scanned).toBe(0);
    expect(large.rows).toBeLessThanOrEqual(small.rows + small.scanned + 2);
    // Five indexes, each a level or two deeper, read and written.
    expect(large.pages).toBeLessThanOrEqual(small.pages + 30);
  },
);

/** As PostgreSQL counts it, which knows no time: claims one room after the other. */
async function costOfClaim(past: Past): Promise<Cost> {
  const database = await freshDatabase();
  const postgres = connectPostgres({ url: new Secret(database.url), connectionsMax: 1, report() {} });
  await migrate(postgres);
  const client = new pg.Client(database.url);
  await client.connect();
  for (const table of ["rooms", "turns"]) await client.query(`alter table ${table} set (autovacuum_enabled = false)`); // it reads too
  await client.query(restingRooms, [past.finished / 50, 50]);
  await client.query(waitingRooms, [past.waiting]);
  await client.query("vacuum analyze");
  await client.query("select pg_stat_force_next_flush()"); // else what the inserts read may be told after the reset
  await client.query("select pg_stat_reset()");

  const presence = await holdPresence(postgres, () => {});
  await claimEach(postgresInbox(postgres, presence));
  await presence.release();
  await postgres.close();
  await until(
    async () => (await client.query(otherConnections)).rowCount === 0,
    "its connections have told what they read",
  );
  const { rows } = await client.query<Cost>(readCost);
  await client.end();
  await database.drop();
  const [cost = { scanned: NaN, rows: NaN, pages: NaN }] = rows;
  return { scanned: cost.scanned / claims, rows: cost.rows / claims, pages: cost.pages / claims };
}

async function claimEach(inbox: Inbox): Promise<void> {
  for (let claim = 0; claim < claims; claim++) expect(await inbox.claim(1, 60_000)).toHaveLength(1);
}

const restingRooms = `with resting as (
    insert into rooms (channel, room, last_seq) select 'web', 'resting ' || n, $2 from generate_series(1, $1::integer) n returning id
  ) insert into turns (room_id, seq, message_id, message, state, parts)
    select id, seq, seq, '{"text": "What was it?"}', 'delivered', '["1"]' from resting, generate_series(1, $2) seq`;

const waitingRooms = `with due as (
    insert into rooms (channel, room, last_seq, due_at, yields) select 'web', 'waiting ' || n, 1, now(), n % 2 = 0 from generate_series(1, $1::integer) n returning id
  ) insert into turns (room_id, seq, message_id, message, state) select id, 1, '1', '{"text": "What is it?"}', 'waiting' from due`;

const otherConnections = `select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`;

const readCost = `select sum(seq_tup_read)::float8 as scanned, sum(idx_tup_fetch)::float8 as rows,
    sum(heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read)::float8 as pages
  from pg_stat_user_tables join pg_statio_user_tables using (relid) where pg_stat_user_tables.relname in ('rooms', 'turns')`;
