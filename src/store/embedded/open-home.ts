import { randomBytes } from "node:crypto";
import { chmod, chown, lstat, mkdir, realpath, stat, symlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";

/** PostgreSQL refuses to run as root; under root it runs as whoever owns its folder, at first as "nobody". */
const nobody = 65_534;
/** Where root's data goes when its own folder is closed to others, as everything below /root is. */
const openPlace = "/var/lib/parley";
/** A socket's path has 104 bytes on macOS and 108 on Linux; its file name takes `/.s.PGSQL.65535`. */
const socketPathBytesMax = 100;

/** initdb hands paths to a shell, in double quotes. */
const unspeakable = process.platform === "win32" ? /["\n]/ : /["$`\\\n]/;

export type Account = { readonly uid: number; readonly gid: number };

/** Where PostgreSQL lives. */
export type Home = {
  /** The real folder of data, program and socket. */
  readonly dir: string;
  /** The folder as the operator knows it. */
  readonly asked: string;
  readonly log: string;
  /** Who runs it, when we are root. */
  readonly account?: Account;
  /** Absent where a Unix socket cannot be used: then 127.0.0.1. */
  readonly socketDir?: string;
};

/**
 * Finds or makes `dataDir`/postgres, which is a folder or a link to one. Repeating it finds the same.
 *
 * @throws EmbeddedPostgresError
 */
export async function openHome(dataDir: string, log: (sentence: string) => void): Promise<Home> {
  const asked = resolve(dataDir);
  const link = join(asked, "postgres");
  if (unspeakable.test(asked))
    throw new EmbeddedPostgresError(
      "no-place",
      `The data folder ${asked} has a character in its path (one of " $ \` \\ or a line break) that PostgreSQL's initdb does not bear. Set DATA_DIR to another folder.`,
    );
  try {
    await mkdir(asked, { recursive: true });
    const account = process.getuid?.() === 0 ? await openAsRoot(link, log) : await openAsUser(link);
    const dir = await realpath(link);
    const onSocket = process.platform !== "win32" && Buffer.byteLength(`${dir}/.s.PGSQL.65535`) <= socketPathBytesMax;
    return {
      dir,
      asked,
      log: join(asked, "postgres.log"),
      ...(account && { account }),
      ...(onSocket && { socketDir: dir }),
    };
  } catch (error) {
    if (error instanceof EmbeddedPostgresError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new EmbeddedPostgresError(
      "no-place",
      `The data folder ${asked} cannot be used (${why}). Correct its owner or permissions, set DATA_DIR to another folder, or set DATABASE_URL to a PostgreSQL server.`,
      error,
    );
  }
}

async function openAsUser(link: string): Promise<undefined> {
  await mkdir(link, { recursive: true, mode: 0o700 });
  const owner = await stat(link);
  if (process.getuid && owner.uid !== process.getuid())
    throw new EmbeddedPostgresError(
      "no-place",
      `The embedded database in ${link} belongs to another user (uid ${owner.uid}; it was probably started as root). Start Parley as before, give the folder to this user with chown -R, or set DATA_DIR to another folder.`,
    );
}

async function openAsRoot(link: string, log: (sentence: string) => void): Promise<Account> {
  if (!(await exists(link))) await makeForRoot(link, log);
  const home = await stat(link).catch((error: NodeJS.ErrnoException) => {
    throw error.code === "ENOENT" ? lost(link) : error;
  });
  const dir = await realpath(link);
  const account = home.uid === 0 ? { uid: nobody, gid: nobody } : { uid: home.uid, gid: home.gid };
  if (home.uid === 0) await chown(dir, account.uid, account.gid);
  const closed = await findClosed(dirname(dir), account);
  if (closed)
    throw new EmbeddedPostgresError(
      "no-place",
      `PostgreSQL does not run as root, and the user with uid ${account.uid}, as whom it would run, may not enter ${closed}. Allow it with: chmod o+x ${closed} – or set DATA_DIR to another folder, or DATABASE_URL to a PostgreSQL server.`,
    );
  return account;
}

async function makeForRoot(link: string, log: (sentence: string) => void): Promise<void> {
  if (!(await findClosed(dirname(link), { uid: nobody, gid: nobody }))) {
    await mkdir(link, { recursive: true, mode: 0o700 });
    return;
  }
  const place = join(openPlace, randomBytes(6).toString("hex"));
  await mkdir(openPlace, { recursive: true });
  await chmod(openPlace, 0o755);
  await mkdir(place, { mode: 0o700 });
  // Whoever links first decides, should two start at once.
  await symlink(place, link).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  log(
    `PostgreSQL does not run as root and others may not enter ${dirname(link)}: its data is in ${await realpath(link)}.`,
  );
}

/** The uppermost folder on the way to `dir` that `account` may not enter. */
async function findClosed(dir: string, account: Account): Promise<string | undefined> {
  const above = dirname(dir) === dir ? undefined : await findClosed(dirname(dir), account);
  if (above) return above;
  const { mode, uid, gid } = await stat(dir);
  const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
  return mode & bit ? undefined : dir;
}

function lost(link: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    "no-place",
    `${link} points to a folder that is gone. Restore that folder, or remove ${link} to start with an empty database.`,
  );
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
