import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, realpath, rm } from "node:fs/promises";
import type { NetConnectOpts } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { startEmbeddedPostgres } from "../../src/store/embedded/embedded-postgres.ts";
import { findPostmaster, stopPostmaster } from "../../src/store/embedded/postmaster.ts";
import { until } from "../until.ts";

/** A durable PostgreSQL that can be stopped as if its power failed. */
export type DatabaseServer = {
  /** Where a proxy finds it. */
  readonly upstream: NetConnectOpts;
  /** An empty database: how the tests reach it, and how an instance reaches it behind a proxy's port. */
  create(): Promise<{ readonly url: string; through(port: number): string }>;
  /** Stops at once, without a word; it recovers and starts again by itself. Resolves when it is ready. */
  stopNow(): Promise<void>;
  close(): Promise<void>;
};

const readyMs = 60_000;

/** Starts one in a folder of its own. */
export async function startDatabaseServer(): Promise<DatabaseServer> {
  const dir = await mkdtemp(join(tmpdir(), `parley-test-${process.pid}-`));
  await chmod(dir, 0o755); // under root, PostgreSQL's user must enter
  const server = await startEmbeddedPostgres({ dataDir: dir, log() {}, maxConnections: 200 });
  const home = await realpath(join(dir, "postgres"));
  const dataDir = join(home, "data");
  const { port, password, searchParams } = new URL(server.url);
  const socketDir = searchParams.get("host");

  return {
    upstream: socketDir ? { path: join(socketDir, `.s.PGSQL.${port}`) } : { host: "127.0.0.1", port: Number(port) },
    async create() {
      const name = `faults_${randomBytes(4).toString("hex")}`;
      const client = new pg.Client(server.url);
      await client.connect();
      await client.query(`create database ${name} template template0`);
      await client.end();
      const url = new URL(server.url);
      url.pathname = `/${name}`;
      return { url: url.href, through: (port) => `postgres://parley:${password}@127.0.0.1:${port}/${name}` };
    },
    async stopNow() {
      const before = await findPostmaster(dataDir);
      await stopPostmaster(dataDir, "immediate");
      await until(
        async () => {
          const now = await findPostmaster(dataDir);
          return now?.ready && now.pid !== before?.pid && (await answers(server.url));
        },
        "PostgreSQL is back",
        readyMs,
      );
    },
    async close() {
      await server.stop();
      await rm(home, { recursive: true, force: true });
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("select 1");
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}
