import { randomInt } from "node:crypto";
import type pg from "pg";
import type { Postgres } from "./connect-postgres.ts";

/** This instance, as the others see it: a number, alive as long as its advisory lock is held. */
export type Presence = {
  readonly instance: number;
  /** Whether the locks tell who lives: not while ours, and so perhaps everyone's, has just been lost with the database's connections. */
  isSteady(): boolean;
  release(): Promise<void>;
};

/** First key of the advisory locks that say "I live"; the second is the instance. */
export const presenceLock = 0x50_61_72_6c;

const reconnectMs = 500;
/** After a restart of the database all instances come back within this. */
const steadyAfterMs = 3_000;

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
  let steadyAtMs = 0;

  const hold = async () => {
    const connection = await postgres.dedicated();
    try {
      await connection.query("select pg_advisory_lock($1, $2)", [presenceLock, instance]);
    } catch (error) {
      await connection.end();
      throw error;
    }
    if (released) return await connection.end();
    client = connection;
    if (steadyAtMs > 0) steadyAtMs = performance.now() + steadyAfterMs;
    connection.once("end", holdAgain);
  };
  const holdAgain = () => {
    if (released) return;
    steadyAtMs = Infinity;
    hold().catch((error: unknown) => {
      report("telling the other instances that this one lives", error);
      retry = setTimeout(holdAgain, reconnectMs);
    });
  };

  await hold();
  return {
    instance,
    isSteady: () => performance.now() >= steadyAtMs,
    async release() {
      released = true;
      clearTimeout(retry);
      await client?.end();
    },
  };
}
