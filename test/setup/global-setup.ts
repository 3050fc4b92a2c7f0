import { chmod, mkdtemp, readdir, realpath, rm } from "node:fs/promises";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "../../src/store/embedded/embedded-postgres.ts";
import { isAlive, stopPostmaster } from "../../src/store/embedded/postmaster.ts";
import { findRedis } from "./find-redis.ts";
import { startRedis, type RedisServer } from "./redis.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Answers with the address of the run's PostgreSQL, which starts when it is first asked. */
    postgresDoor: string;
    redisUrl: string | undefined;
  }
}

/** One PostgreSQL and one Redis for the whole run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await sweepRunsThatWereKilled();
  const redis = process.env["REDIS_URL"] ? undefined : await startSharedRedis();
  const postgres = openDoor();
  await once(postgres.door, "listening");
  const address = postgres.door.address();
  if (typeof address !== "object" || !address) throw new Error("The door to PostgreSQL has no port.");

  project.provide("postgresDoor", `http://127.0.0.1:${address.port}`);
  project.provide("redisUrl", process.env["REDIS_URL"] ?? redis?.url);

  return async () => {
    await redis?.stop();
    await postgres.close();
  };
}

async function startSharedRedis(): Promise<RedisServer | undefined> {
  if (findRedis()) return startRedis();
  const why =
    "no REDIS_URL is set, and no redis-server or valkey-server is on the PATH (npm test installs one, as root on Debian)";
  if (process.env["CI"]) throw new Error(`The Redis tests cannot run: ${why}.`);
  console.warn(`\n  !!! THE REDIS TESTS ARE SKIPPED: ${why}.\n`);
  return undefined;
}

type PostgresDoor = { readonly door: Server; close(): Promise<void> };

function openDoor(): PostgresDoor {
  let started: Promise<{ server: EmbeddedPostgres; dir: string }> | undefined;
  const door = createServer((_request, response) => {
    started ??= startPostgres();
    started.then(
      ({ server }) => response.end(server.url),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  }).listen(0, "127.0.0.1");
  return {
    door,
    async close() {
      door.close();
      door.closeAllConnections();
      if (!started) return;
      const { server, dir } = await started;
      await server.stop();
      await remove(dir);
    },
  };
}

async function startPostgres(): Promise<{ server: EmbeddedPostgres; dir: string }> {
  const dir = await mkdtemp(join(tmpdir(), `parley-test-${process.pid}-`));
  await chmod(dir, 0o755); // under root, PostgreSQL's user must enter
  const server = await startEmbeddedPostgres({ dataDir: dir, log: () => {}, maxConnections: 300 });
  return { server, dir };
}

async function sweepRunsThatWereKilled(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(name.match(/^parley-test-(\d+)-/)?.[1]);
    if (!pid || isAlive(pid)) continue;
    const dir = join(tmpdir(), name);
    await stopPostmaster(join(dir, "postgres", "data"), "immediate");
    await remove(dir);
  }
}

/** Under root the data may lie elsewhere, behind a link. */
async function remove(dir: string): Promise<void> {
  const home = await realpath(join(dir, "postgres")).catch(() => dir);
  await rm(home, { recursive: true, force: true });
  await rm(dir, { recursive: true, force: true });
}
