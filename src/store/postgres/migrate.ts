import { Kysely, type Migration, Migrator, PostgresDialect } from "kysely";
import { first } from "../migrations/0001-first.ts";
import { receivers } from "../migrations/0002-receivers.ts";
import { operators } from "../migrations/0003-operators.ts";
import type { Postgres } from "./connect-postgres.ts";

/** Forward only, in this order, listed in code. Each must work with the previous version still running. */
const migrations: Readonly<Record<string, Migration>> = {
  "0001-first": first,
  "0002-receivers": receivers,
  "0003-operators": operators,
};

/**
 * Brings the database up to date. Many instances may start at once: one migrates under an advisory lock, the
 * others wait for it.
 *
 * @returns the names of the migrations that ran
 * @throws Error of the migration that failed; it was rolled back
 */
export async function migrate(postgres: Postgres): Promise<readonly string[]> {
  // Not destroyed: that would end the pool, which is not ours.
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: postgres.pool }) });
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...migrations }) },
    migrationTableName: "migrations",
    migrationLockTableName: "migrations_lock",
  });
  const { error, results = [] } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
  return results.map(({ migrationName }) => migrationName);
}
