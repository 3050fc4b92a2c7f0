import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chown, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";
import { bareEnvironment } from "./bare-environment.ts";
import type { Program } from "./install-program.ts";
import type { Home } from "./open-home.ts";

const initWithinMs = 120_000;

export type Cluster = { readonly dataDir: string; readonly passwordFile: string; readonly password: string };

/**
 * Finds or makes the database's files. They appear at their place whole, with the password among them: a crash
 * in between leaves nothing half-made, and of two processes one wins.
 *
 * @throws EmbeddedPostgresError when they are of another major version, or cannot be made
 */
export async function openCluster(
  home: Home,
  program: Program,
  log: (sentence: string) => void,
  signal?: AbortSignal,
): Promise<Cluster> {
  const dataDir = join(home.dir, "data");
  if (!(await stat(dataDir).catch(() => undefined))) {
    log(`An empty database is made in ${home.dir}.`);
    await makeCluster(dataDir, home, program, signal);
  }
  await assertVersion(dataDir, program, home);
  return await readCluster(home);
}

/**
 * The database's files as they are, whoever uses them.
 *
 * @throws EmbeddedPostgresError
 */
export async function readCluster(home: Home): Promise<Cluster> {
  const dataDir = join(home.dir, "data");
  const passwordFile = join(dataDir, "parley.password");
  const password = await readFile(passwordFile, "utf8").catch((error: Error) => {
    throw new EmbeddedPostgresError(
      "broken",
      `The password of the embedded database cannot be read (${error.message}). Put the file back, or move ${home.dir} away to start empty.`,
      error,
    );
  });
  return { dataDir, passwordFile, password: password.trim() };
}

async function makeCluster(dataDir: string, home: Home, program: Program, signal?: AbortSignal): Promise<void> {
  const fresh = join(home.dir, `new-data-${randomBytes(6).toString("hex")}`);
  const passwordFile = `${fresh}.password`;
  try {
    await writeFile(passwordFile, randomBytes(24).toString("base64url"), { mode: 0o600 });
    if (home.account) await chown(passwordFile, home.account.uid, home.account.gid);
    await promisify(execFile)(join(program.dir, "bin", "initdb"), [...initArguments(fresh, passwordFile)], {
      cwd: home.dir,
      ...bareEnvironment,
      timeout: initWithinMs,
      signal,
      ...home.account,
    });
    await rename(passwordFile, join(fresh, "parley.password"));
    await rename(fresh, dataDir).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw new EmbeddedPostgresError(
      "broken",
      `The embedded database could not be made in ${home.dir}: ${wordsOf(error)}\nMake room or correct the permissions there, or set DATABASE_URL to a PostgreSQL server.`,
      error,
    );
  } finally {
    await rm(fresh, { recursive: true, force: true });
    await rm(passwordFile, { force: true });
  }
}

/** The builtin provider sorts and compares the same on every system and version, unlike the C library's. */
function* initArguments(dataDir: string, passwordFile: string): Iterable<string> {
  yield* ["-D", dataDir, "--username=parley", `--pwfile=${passwordFile}`, "--auth=scram-sha-256"];
  yield* ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
  yield* ["--data-checksums", "--no-instructions", "-c", "timezone=UTC", "-c", "log_timezone=UTC"];
}

async function assertVersion(dataDir: string, program: Program, home: Home): Promise<void> {
  const found = (await readFile(join(dataDir, "PG_VERSION"), "utf8").catch(() => "unknown")).trim();
  const ours = program.version.split(".")[0];
  if (found === ours) return;
  throw new EmbeddedPostgresError(
    "other-version",
    `The data in ${home.dir} is of PostgreSQL ${found}, and this Parley brings ${ours}. Run the Parley that made it and move the data with pg_dump, or move the folder away to start empty, or set DATABASE_URL to a PostgreSQL server.`,
  );
}

function wordsOf(error: unknown): string {
  const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
  return said || (error instanceof Error ? error.message : String(error));
}
