import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, copyFile, link, mkdir, readFile, readdir, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";
import type { Home } from "./open-home.ts";

const checkWithinMs = 10_000;

/** A PostgreSQL that runs here. */
export type Program = { readonly dir: string; readonly version: string };

/**
 * Puts the npm package's PostgreSQL beside the data, by hard links where possible. There its symbolic links can be made
 * (npm runs no install scripts), the unprivileged user may enter, and an `npm ci` does not pull it from under a running
 * server. Repeating it finds the same.
 *
 * @throws EmbeddedPostgresError where the platform has none
 */
export async function installProgram(home: Home): Promise<Program> {
  const source = findPackage();
  const { version } = JSON.parse(await readFile(join(source, "package.json"), "utf8")) as { version: string };
  const dir = join(home.dir, `program-${version}`);
  const program = { dir, version };
  if (await stat(dir).catch(() => undefined)) return program;

  const fresh = join(home.dir, `new-program-${randomBytes(6).toString("hex")}`);
  try {
    await linkFolder(join(source, "native"), fresh);
    await makeSymlinks(join(source, "native"), fresh);
    await assertRuns(fresh, home);
    // Another process may have been faster: then theirs is as good.
    await rename(fresh, dir).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    });
  } catch (error) {
    if (error instanceof EmbeddedPostgresError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new EmbeddedPostgresError(
      "no-place",
      `The embedded PostgreSQL could not be put into ${home.dir} (${why}). It needs 70 MB and write permission there; or set DATABASE_URL to a PostgreSQL server.`,
      error,
    );
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  await removeOthers(home, dir);
  return program;
}

function findPackage(): string {
  const os = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${os}-${process.arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (error) {
    throw new EmbeddedPostgresError(
      "no-program",
      `There is no embedded PostgreSQL for this platform (the package ${name} is not installed). Set DATABASE_URL to a PostgreSQL server, or install again with optional packages: npm ci.`,
      error,
    );
  }
}

/** Static libraries and the like are left out. */
const unneeded = /^(?:pkgconfig|include)$|\.a$/;

async function linkFolder(from: string, to: string): Promise<void> {
  await mkdir(to);
  await chmod(to, 0o755); // whatever the umask
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (unneeded.test(entry.name)) continue;
    if (entry.isDirectory()) await linkFolder(join(from, entry.name), join(to, entry.name));
    else if (entry.isFile()) await linkFile(join(from, entry.name), join(to, entry.name));
  }
}

async function linkFile(from: string, to: string): Promise<void> {
  const executable = basename(dirname(from)) === "bin";
  const mode = executable ? 0o755 : 0o644;
  const open = ((await stat(from)).mode & mode) === mode;
  if (open && (await isDone(link(from, to)))) return;
  await copyFile(from, to);
  await chmod(to, mode);
}

/** Hard links fail across file systems, and on files of others. */
async function isDone(attempt: Promise<void>): Promise<boolean> {
  return attempt.then(
    () => true,
    () => false,
  );
}

/** What the package's own install script does: "source" is the file, "target" the link, both from the package's root. */
async function makeSymlinks(native: string, to: string): Promise<void> {
  const text = await readFile(join(native, "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const { source, target } of JSON.parse(text) as { source: string; target: string }[]) {
    const file = join(to, relative("native", source));
    const name = join(to, relative("native", target));
    await symlink(relative(dirname(name), file), name).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  }
}

async function assertRuns(dir: string, home: Home): Promise<void> {
  try {
    await promisify(execFile)(join(dir, "bin", "postgres"), ["--version"], {
      cwd: home.dir,
      timeout: checkWithinMs,
      ...home.account,
    });
  } catch (error) {
    const why = error instanceof Error ? error.message.trim() : String(error);
    throw new EmbeddedPostgresError(
      "no-program",
      `The embedded PostgreSQL does not run on this system (${why}). It needs glibc, so not Alpine, and a C++ library (libstdc++). Set DATABASE_URL to a PostgreSQL server instead.`,
      error,
    );
  }
}

/** Programs of earlier versions, and attempts that a crash cut short. A young attempt may be another process's. */
async function removeOthers(home: Home, current: string): Promise<void> {
  for (const name of await readdir(home.dir)) {
    const path = join(home.dir, name);
    if (path === current || !/^(?:program|new)-/.test(name)) continue;
    const ageMs = Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now());
    if (ageMs > 3_600_000) await rm(path, { recursive: true, force: true });
  }
}
