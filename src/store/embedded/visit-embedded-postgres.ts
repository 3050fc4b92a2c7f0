import { stat } from "node:fs/promises";
import { join } from "node:path";
import { pause } from "../../conversation/domain/pause.ts";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
  toUrl,
} from "./embedded-postgres.ts";
import { readCluster } from "./open-cluster.ts";
import { openHome } from "./open-home.ts";
import { findPostmaster } from "./postmaster.ts";

/** How long a server that starts or stops may take to become one thing or the other. */
const settledWithinMs = 15_000;
const pollMs = 50;
const never = new AbortController().signal;

/**
 * Comes to the database in `dataDir` as a guest: to the server of the Parley that runs there, whose lock is left to it; where none
 * runs, one is started for as long as the visit lasts. Makes no database where there is none.
 *
 * @throws EmbeddedPostgresError with what, why and what to do
 */
export async function visitEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const url = await findServer(options);
  return url === undefined ? await startEmbeddedPostgres(options) : { url, async stop() {} };
}

async function findServer({ dataDir, log }: EmbeddedPostgresOptions): Promise<string | undefined> {
  if (!(await stat(join(dataDir, "postgres", "data")).catch(() => undefined)))
    throw new EmbeddedPostgresError(
      "no-place",
      `There is no embedded database in ${dataDir}. Set DATA_DIR to the folder that Parley uses, or DATABASE_URL to its PostgreSQL.`,
    );
  const home = await openHome(dataDir, log);
  const cluster = await readCluster(home);
  const endsAtMs = performance.now() + settledWithinMs;
  for (;;) {
    const running = await findPostmaster(cluster.dataDir);
    if (!running) return undefined;
    if (running.ready) return toUrl({ home, cluster }, running.port);
    if (performance.now() > endsAtMs) return undefined;
    await pause(pollMs, never); // taking its lock now would end the Parley that is starting it
  }
}
