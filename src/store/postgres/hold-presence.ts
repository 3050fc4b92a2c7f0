import { randomInt } from "node:crypto";
import type pg from "pg";
import type { Postgres } from "./connect-postgres.ts";

/** This instance, as the others see it: a number, alive as long as its advisory lock is held. */
export type Presence = {
  readonly instance: number;
  release(): Promise<void>;
};

/** First key of the advisory locks that say "I live"; the second is the instance. */
export const presenceLock = 0x50_61_72_6c;

const reconnectMs = 500;

/**
 * Holds an advisory lock on a connection of its own until released. kill -9 frees it at once, so others take
 * over in a second instead of waiting for leases to run out. A lost connection is made anew; meanwhile others may take our
 * rooms, and the fence keeps us from writing to them.
 */
export async function holdPresence(
  postgres: Postgres,
  report: (what: string, error: unknown) => void,
): Promise<Presence> {
  const instance = randomInt(1, 2 ** 31 - 1);
  let client: pg.Client | undefined;
  let released = false;
  let retry: NodeJS.Timeout | undefined;

  const hold = async () => {
    const connection = await postgres.dedicated();
    try {
      await connection.query("select pg_advisory_lock($1, $2)", [presenceLock, instance]);
    } catch (error) {
      await connection.end();
      throw error;
    }
    client = connection;
    connection.once("end", holdAgain);
  };
  const holdAgain = () => {
    if (released) return;
    retry = setTimeout(() => {
      hold().catch((error: unknown) => {
        report("telling the other instances that this one lives", error);
        holdAgain();
      });
    }, reconnectMs);
  };

  await hold();
  return {
    instance,
    async release() {
      released = true;
      clearTimeout(retry);
      await client?.end();
    },
  };
}
