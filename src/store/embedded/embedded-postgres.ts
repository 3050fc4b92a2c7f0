import { Client } from "pg";
import { pause } from "../../conversation/domain/pause.ts";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";
import { installProgram, type Program } from "./install-program.ts";
import { openCluster, type Cluster } from "./open-cluster.ts";
import { openHome, type Home } from "./open-home.ts";
import {
  findPostmaster,
  isAlive,
  launchPostmaster,
  stopPostmaster,
  type Launched,
  type Postmaster,
} from "./postmaster.ts";

/** Crash recovery after kill -9 replays the write-ahead log, which takes seconds at most with our limits. */
const readyWithinMs = 60_000;
/** How long a server may call itself ready and refuse us before it is stopped. */
const refusedMsMax = 15_000;
/** The lock of a process that was killed is free as soon as the kernel has closed its connection. */
const lockWithinMs = 1_500;
const pollMs = 20;
const failurePauseMs = 250;
const revivePauseMs = 2_000;
/** "parley" in ASCII: the advisory lock of the one process that uses this data folder. */
const lockKey = "123609913091449";

export type EmbeddedPostgres = {
  /** A connection string for `pg`. Holds the password. The same after a restart of the server. */
  readonly url: string;
  /** Shuts the server down. What was committed is safe; open connections are closed. Repeating it changes nothing. */
  stop(): Promise<void>;
};

export type EmbeddedPostgresOptions = {
  /** Folder of the database; made if missing. `postgres/` in it holds the data, `postgres.log` what the server says. */
  readonly dataDir: string;
  /** Is told, in sentences for the operator, what is done. */
  readonly log: (sentence: string) => void;
  readonly maxConnections?: number;
  readonly signal?: AbortSignal;
};

type Place = { readonly home: Home; readonly program: Program; readonly cluster: Cluster };

/**
 * Runs a real PostgreSQL in `dataDir`, durable, and no second one there. A server that an earlier process left behind
 * (kill -9) is adopted; one that dies is started again while this process lives.
 *
 * @throws EmbeddedPostgresError with what, why and what to do
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { log, signal } = options;
  const home = await openHome(options.dataDir, log);
  const program = await installProgram(home);
  const cluster = await openCluster(home, program, log, signal);
  const place = { home, program, cluster };

  const stopped = new AbortController();
  let held = await holdServer(place, options, AbortSignal.any([stopped.signal, ...(signal ? [signal] : [])]));
  const url = toUrl(place, held.port);
  watch(held);
  process.on("exit", leaveNothingBehind);

  function watch(current: Held): void {
    current.client.once("end", () => {
      if (!stopped.signal.aborted) revived = revive(current.port);
    });
  }

  let revived: Promise<void> = Promise.resolve();
  async function revive(port: number): Promise<void> {
    log("The embedded PostgreSQL closed its connections. It is started again.");
    while (!stopped.signal.aborted)
      try {
        held = await holdServer(place, { ...options, port }, stopped.signal);
        return watch(held);
      } catch (error) {
        if (!stopped.signal.aborted) log(error instanceof Error ? error.message : String(error));
        await pause(revivePauseMs, stopped.signal);
      }
  }

  /** Node ends without stop(), on an uncaught error for example: PostgreSQL need not outlive it. */
  function leaveNothingBehind(): void {
    if (isAlive(held.pid)) process.kill(held.pid, "SIGINT");
  }

  async function stop(): Promise<void> {
    stopped.abort();
    await revived;
    // The lock is held until the server itself lets go of it: nobody adopts a server that is about to go.
    await stopPostmaster(cluster.dataDir, "fast");
    process.off("exit", leaveNothingBehind);
    await held.client.end().catch(() => {});
  }
  let stopping: Promise<void> | undefined;
  return { url, stop: () => (stopping ??= stop()) };
}

/** A running server, and the connection that holds its lock: it says that the server lives, and that it is ours. */
type Held = { readonly client: Client; readonly pid: number; readonly port: number };
type HoldOptions = Pick<EmbeddedPostgresOptions, "log" | "maxConnections"> & { readonly port?: number };

/** Adopts the server that runs, or starts one; ends when the lock is held. */
async function holdServer(place: Place, options: HoldOptions, signal: AbortSignal): Promise<Held> {
  const { home, program, cluster } = place;
  const endsAt = performance.now() + readyWithinMs;
  let launched: Launched | undefined;
  let refusedSince: number | undefined;
  try {
    while (performance.now() < endsAt) {
      signal.throwIfAborted();
      const running = await findPostmaster(cluster.dataDir, launched?.pid);
      const held = running?.ready ? await tryToHold(place, running, options.log, signal) : undefined;
      if (held) return held;

      if (!running && !launched) launched = await launchPostmaster(home, program, cluster.dataDir, options);
      if (launched?.failure !== undefined) {
        judgeFailure(launched.failure, home);
        launched = undefined;
        await pause(failurePauseMs, signal);
      }
      refusedSince = running?.ready ? (refusedSince ?? performance.now()) : undefined;
      if (refusedSince && performance.now() - refusedSince > refusedMsMax)
        await stopPostmaster(cluster.dataDir, "immediate");
      await pause(pollMs, signal);
    }
    throw new EmbeddedPostgresError(
      "not-ready",
      `The embedded PostgreSQL was not ready within ${readyWithinMs / 1_000} s. Its last words are in ${home.log}. Start again, or set DATABASE_URL to a PostgreSQL server.`,
    );
  } catch (error) {
    // In use: the other process has already made the server that we started its own.
    const taken = error instanceof EmbeddedPostgresError && error.reason === "in-use";
    if (launched && !taken) await stopPostmaster(cluster.dataDir, "fast");
    throw error;
  }
}

/** Undefined: it starts, shuts down or recovers, or has just been stopped. */
async function tryToHold(
  place: Place,
  running: Postmaster,
  log: (sentence: string) => void,
  signal: AbortSignal,
): Promise<Held | undefined> {
  const client = await connect(place, running.port);
  if (!client) return undefined;
  if ((await takeLock(place, client, signal)) && (await keepOrReplace(place, client, log)))
    return { client, pid: running.pid, port: running.port };
  await client.end().catch(() => {});
  return undefined;
}

async function connect(place: Place, port: number): Promise<Client | undefined> {
  const { home, cluster } = place;
  const client = new Client({
    host: home.socketDir ?? "127.0.0.1",
    port,
    user: "parley",
    password: cluster.password,
    database: "postgres",
    ssl: false,
    application_name: `parley ${process.pid}`,
    connectionTimeoutMillis: 3_000,
    query_timeout: 5_000,
    keepAlive: true,
  });
  // A lost connection is told by "end"; without a listener an "error" would end the process.
  client.on("error", () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    if (codeOf(error) === "28P01")
      throw new EmbeddedPostgresError(
        "broken",
        `The embedded PostgreSQL does not accept the password kept in ${cluster.passwordFile}. Put the right one back, or move ${home.dir} away to start empty.`,
      );
    return undefined;
  }
}

/**
 * False when the server went away meanwhile.
 *
 * @throws EmbeddedPostgresError when another process keeps it
 */
async function takeLock(place: Place, client: Client, signal: AbortSignal): Promise<boolean> {
  const startedAt = performance.now();
  try {
    for (;;) {
      const { rows } = await client.query<{ taken: boolean }>("select pg_try_advisory_lock($1) as taken", [lockKey]);
      if (rows[0]?.taken) return true;
      if (performance.now() - startedAt > lockWithinMs) break;
      await pause(pollMs * 5, signal);
    }
    const owner = await readOwner(client);
    throw new EmbeddedPostgresError(
      "in-use",
      `Another Parley${owner} already runs on the data folder ${place.home.asked}. Stop it first, or give this one a folder of its own with DATA_DIR; to run several on the same data, set DATABASE_URL to a PostgreSQL server.`,
    );
  } catch (error) {
    if (!(error instanceof EmbeddedPostgresError)) return false;
    await client.end().catch(() => {});
    throw error;
  }
}

async function readOwner(client: Client): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    `select a.application_name as name from pg_locks l join pg_stat_activity a on a.pid = l.pid
     where l.locktype = 'advisory' and l.granted and l.objsubid = 1
       and (l.classid::bigint << 32 | l.objid::bigint) = $1`,
    [lockKey],
  );
  const pid = rows[0]?.name.match(/^parley (\d+)$/)?.[1];
  return pid ? ` (process ${pid})` : "";
}

/** A server left behind by an older installation runs from files that are gone: it is replaced. False: not kept. */
async function keepOrReplace(place: Place, client: Client, log: (sentence: string) => void): Promise<boolean> {
  const { rows } = await client.query<{ version: string }>("select current_setting('server_version') as version");
  const version = rows[0]?.version ?? "";
  if (place.program.version.startsWith(version)) return true;
  log(`The embedded PostgreSQL ${version} is replaced by ${place.program.version}.`);
  await stopPostmaster(place.cluster.dataDir, "fast");
  return false;
}

/** Failures that pass by themselves: another one is faster, or the last one's processes are not all gone yet. */
const passing =
  /lock file ".*" already exists|shared memory block .* still in use|could not (?:bind|create any)|address already in use/i;

function judgeFailure(failure: string, home: Home): void {
  if (passing.test(failure)) return;
  throw new EmbeddedPostgresError(
    "broken",
    `The embedded PostgreSQL did not start. It said:\n${failure}\nMore is in ${home.log}. If you cannot repair it, set DATABASE_URL to a PostgreSQL server.`,
  );
}

/** The socket's folder travels as `host`, which libpq and `pg` understand alike. */
export function toUrl({ home, cluster }: Pick<Place, "home" | "cluster">, port: number): string {
  const host = home.socketDir ? `?host=${encodeURIComponent(home.socketDir)}` : "";
  return `postgres://parley:${encodeURIComponent(cluster.password)}@127.0.0.1:${port}/postgres${host}`;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
