import type { Postgres, Statement } from "./connect-postgres.ts";

/**
 * What of this PostgreSQL's settings breaks the promise that an accepted message is never lost, in sentences for the operator; none
 * when it keeps it.
 *
 * @throws StoreError
 */
export async function checkDurability({ query }: Postgres): Promise<readonly string[]> {
  const rows = await query<{ name: string; source: string }>(settingsThatAreOff, []);
  return rows.map(({ name, source }) => `${sentences.get(name)} (${name} is off, set by: ${source})`);
}

/** As they are for our own connections: synchronous_commit can be set for a database or a user alone. */
const settingsThatAreOff: Statement = {
  name: "settings-that-are-off",
  text: `select name, source from pg_settings
     where name in ('fsync', 'synchronous_commit', 'full_page_writes') and setting = 'off' order by name`,
};

const sentences: ReadonlyMap<string, string> = new Map([
  [
    "fsync",
    "MESSAGES CAN BE LOST: this PostgreSQL does not wait for its disk. A power cut or a crash of the machine can destroy the whole database. Set fsync = on in postgresql.conf.",
  ],
  [
    "full_page_writes",
    "MESSAGES CAN BE LOST: this PostgreSQL cannot repair pages that a power cut left half-written. Set full_page_writes = on in postgresql.conf, unless the file system itself never tears a page.",
  ],
  [
    "synchronous_commit",
    "MESSAGES CAN BE LOST: this PostgreSQL says “committed” before it is on disk, so Parley acknowledges messages that a crash of the server forgets. Set synchronous_commit = on, also where it is set for the database or the user alone.",
  ],
]);
