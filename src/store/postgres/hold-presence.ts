import { randomInt } from "node:crypto";
import type pg from "pg";
import { pause } from "../../conversation/domain/pause.ts";
import type { Presence } from "../../conversation/ports/presence.ts";
import type { Postgres } from "./connect-postgres.ts";
import { sayGoodbye } from "./say-goodbye.ts";

/** This instance, as the others see it: a number, alive as long as its advisory lock is held. */
export type HeldPresence = Presence & {
  readonly instance: number;
  /** Whether the locks tell who lives: not while ours, and so perhaps everyone's, has just been lost with the database's connections. */
  isSteady(): boolean;
  release(): Promise<void>;
};

/** First key of the advisory locks that say "I live"; the second is the instance. */
export const presenceLock = 0x50_61_72_6c;

const reconnectMs = 500;
/** How often, and for how long, the connection is asked whether it stands. A server that vanished says nothing for hours. */
const beatMs = 2_000;
const beat = { name: "beat", text: "select 1", query_timeout: 3_000 };
/** After a restart of the database all instances come back within this. */
const steadyAfterMs = 3_000;

/**
 * Holds an advisory lock on a connection of its own until released. kill -9 frees it at once, so others take
 * over in a second instead of waiting for leases to run out. A lost connection is made anew; meanwhile others may take our
 * rooms: the fence keeps us from writing to them, and `sinceMs` from showing anything there.
 */
export async function holdPresence(
  postgres: Postgres,
  report: (what: string, error: unknown) => void,
): Promise<HeldPresence> {
  const instance = randomInt(1, 2 ** 31 - 1);
  let client: pg.Client | undefined;
  const ended = new AbortController();
  let retry: NodeJS.Timeout | undefined;
  let sinceMs = Infinity;
  let wasLost = false;

  const hold = async () => {
    const connection = await postgres.dedicated();
    try {
      // Shared with nobody but ourselves: a connection that only the server believes in must not shut us out.
      await connection.query("select pg_advisory_lock_shared($1, $2)", [presenceLock, instance]);
    } catch (error) {
      await connection.end();
      throw error;
    }
    if (ended.signal.aborted) return await connection.end();
    client = connection;
    sinceMs = performance.now();
    connection.once("end", () => holdAgain(connection));
    watch(connection).catch(() => holdAgain(connection));
  };
  const watch = async (connection: pg.Client) => {
    for (;;) {
      await pause(beatMs, ended.signal);
      if (client !== connection || ended.signal.aborted) return;
      await connection.query(beat);
    }
  };
  /** The old connection is let go last: perhaps it stands, and only this process, or the database, was slow to answer. */
  const holdAgain = (old?: pg.Client) => {
    if (ended.signal.aborted || client !== old) return;
    client = undefined;
    sinceMs = Infinity;
    wasLost = true;
    hold()
      .catch((error: unknown) => {
        report("telling the other instances that this one lives", error);
        retry = setTimeout(holdAgain, reconnectMs);
      })
      .finally(() => void old?.end().catch(() => {}));
  };

  await hold();
  return {
    instance,
    sinceMs: () => sinceMs,
    isSteady: () => !wasLost || performance.now() >= sinceMs + steadyAfterMs,
    async release() {
      ended.abort();
      clearTimeout(retry);
      if (client) await sayGoodbye(client.end());
    },
  };
}
