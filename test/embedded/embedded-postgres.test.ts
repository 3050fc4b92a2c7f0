import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdtemp, readFile, readlink, realpath, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/store/embedded/embedded-postgres.ts";
import { isAlive, stopPostmaster } from "../../src/store/embedded/postmaster.ts";
import { until } from "../until.ts";

const isRoot = process.getuid?.() === 0;
const nobody = 65_534;
const script = join(import.meta.dirname, "hold-postgres.ts");
/** Not in a clone below /root. */
const othersMayRead =
  isRoot && spawnSync(process.execPath, ["--check", script], { uid: nobody, gid: nobody }).status === 0;

/** A folder that has been used before, for all who need no empty one: each leaves it without a server. */
let used = "";
beforeAll(async () => {
  used = await makeFolder();
  await (await startEmbeddedPostgres({ dataDir: used, log: () => {} })).stop();
});
afterAll(() => removeFolder(used));

const cleanup: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const undo of cleanup.splice(0).toReversed()) await undo();
});

test("an empty folder becomes a durable database in UTF-8, and a restart finds what was written", async () => {
  const dir = await folder();
  const first = await start(dir);
  await run(first.url, "create table notes as select 'äöü 🎈' as text");
  const [facts] = await run(
    first.url,
    `select current_setting('server_version_num')::int / 10000 as major, current_setting('fsync') as fsync,
            current_setting('synchronous_commit') as commits, current_setting('data_checksums') as checksums,
            current_setting('server_encoding') as encoding, current_setting('max_connections')::int as connections,
            (select datlocale from pg_database where datname = 'postgres') as locale`,
  );
  expect(facts).toEqual({
    major: 18,
    fsync: "on",
    commits: "on",
    checksums: "on",
    encoding: "UTF8",
    connections: 60,
    locale: "C.UTF-8",
  });
  await first.stop();
  await first.stop();

  const second = await start(dir);
  expect(await run(second.url, "select text from notes")).toEqual([{ text: "äöü 🎈" }]);
});

test("nobody else gets in, over the network or without the password", async () => {
  const dir = used;
  const { url } = await start(dir);
  const [{ addresses } = {}] = await run(url, "select current_setting('listen_addresses') as addresses");
  expect(addresses).toBe("");
  const wrong = new URL(url);
  wrong.password = "wrong";
  await expect(run(wrong.href, "select 1")).rejects.toThrow("password authentication failed");
  expect((await stat(join(dir, "postgres"))).mode & 0o777).toBe(0o700);
  expect((await stat(join(dir, "postgres", "data", "parley.password"))).mode & 0o777).toBe(0o600);
});

test("after kill -9 the server lives on, and the next start adopts it with all that was committed", async () => {
  const dir = used;
  const killed = await hold(dir);
  await run(killed.url, "create table notes_2 as select 1 as one");
  const server = await postmasterOf(dir);
  await kill(killed.child, "SIGKILL");

  const { url } = await start(dir);
  expect(await run(url, "select one from notes_2")).toEqual([{ one: 1 }]);
  expect(await postmasterOf(dir)).toBe(server);
});

test("after kill -9 of both, the next start recovers what was committed", async () => {
  const dir = used;
  const killed = await hold(dir);
  await run(killed.url, "create table notes_3 as select 1 as one");
  process.kill(await postmasterOf(dir), "SIGKILL");
  await kill(killed.child, "SIGKILL");

  const { url } = await start(dir);
  expect(await run(url, "select one from notes_3")).toEqual([{ one: 1 }]);
});

test("a server that dies is started again at the same address", async () => {
  const dir = used;
  const { url } = await start(dir);
  const server = await postmasterOf(dir);
  process.kill(server, "SIGKILL");
  await until(() => run(url, "select 1").catch(() => undefined), "the database is back", 30_000);
  expect(await postmasterOf(dir)).not.toBe(server);
});

test("a second Parley in the same folder is told who is there, and the first one runs on", async () => {
  const dir = used;
  const first = await start(dir);
  await expect(startEmbeddedPostgres({ dataDir: dir, log: () => {} })).rejects.toMatchObject({
    reason: "in-use",
    message: expect.stringMatching(`Another Parley .process ${process.pid}. already runs on the data folder ${dir}`),
  });
  expect(await run(first.url, "select 1 as one")).toEqual([{ one: 1 }]);
});

test("of two that start at once in an empty folder, one runs and one is told", async () => {
  const dir = await folder();
  const outcomes = await Promise.allSettled([start(dir), start(dir)]);
  const refused = outcomes.filter(({ status }) => status === "rejected");
  expect(refused).toEqual([expect.objectContaining({ reason: expect.objectContaining({ reason: "in-use" }) })]);
});

test("a program that ends without a word leaves no server behind", async () => {
  const dir = used;
  const left = await hold(dir, "leave");
  await until(() => left.child.exitCode !== null, "it ends", 30_000);
  await until(
    () =>
      postmasterOf(dir)
        .then(isAlive, () => false)
        .then((alive) => !alive),
    "the server ends",
    30_000,
  );
});

test("a pid file whose number went to someone else is in nobody's way", async () => {
  const dir = used;
  const data = join(dir, "postgres", "data");
  await writeFile(join(data, "postmaster.pid"), `${process.pid}\n${data}\n1\n5432\n\n\n\nready\n`);
  const { url } = await start(dir);
  expect(await run(url, "select 1 as one")).toEqual([{ one: 1 }]);
});

test("where the path is too long for a socket, it listens on 127.0.0.1 alone", async () => {
  const { url } = await start(join(await folder(), "a long name, with spaces and ü ".repeat(4)));
  expect(url).not.toContain("host=");
  const [{ addresses } = {}] = await run(url, "select current_setting('listen_addresses') as addresses");
  expect(addresses).toBe("127.0.0.1");
});

test("data of another major version is left alone, and the operator told what to do", async () => {
  const dir = used;
  await writeFile(join(dir, "postgres", "data", "PG_VERSION"), "17\n");
  cleanup.push(() => writeFile(join(dir, "postgres", "data", "PG_VERSION"), "18\n"));
  await expect(start(dir)).rejects.toThrow(/is of PostgreSQL 17, and this Parley brings 18.*pg_dump.*DATABASE_URL/);
});

test("a folder that PostgreSQL cannot bear is refused before anything is made in it", async () => {
  await expect(start(join(await folder(), "$(date)"))).rejects.toThrow("Set DATA_DIR to another folder");
});

test("a start that is called off leaves nothing running", async () => {
  const dir = used;
  const stop = new AbortController();
  const starting = startEmbeddedPostgres({ dataDir: dir, log: () => {}, signal: stop.signal });
  stop.abort(new Error("called off"));
  await expect(starting).rejects.toThrow("called off");
  await expect(postmasterOf(dir)).rejects.toThrow("ENOENT");
});

test.runIf(othersMayRead)("it runs as an ordinary user too, and root goes on as that user", async () => {
  const dir = await folder();
  await chown(dir, nobody, nobody);
  const theirs = await hold(dir, undefined, nobody);
  expect((await stat(join(dir, "postgres", "data"))).uid).toBe(nobody);
  await run(theirs.url, "create table notes as select 1 as one");
  await kill(theirs.child, "SIGTERM");

  const { url } = await start(dir);
  expect(await run(url, "select one from notes")).toEqual([{ one: 1 }]);
});

test.runIf(isRoot)(
  "under root below a closed folder the data is where PostgreSQL may go, and stays there",
  async () => {
    const dir = await folder();
    await chmod(dir, 0o700);
    const said: string[] = [];
    const first = await start(dir, said);
    const place = await readlink(join(dir, "postgres"));
    cleanup.push(() => rm(place, { recursive: true }));
    expect(said.join()).toContain(`its data is in ${place}`);
    expect(place).toMatch(/^\/var\/lib\/parley\//);
    await run(first.url, "create table notes as select 1 as one");
    await first.stop();

    const second = await start(dir);
    expect(await run(second.url, "select one from notes")).toEqual([{ one: 1 }]);
    await second.stop();
  },
);

async function folder(): Promise<string> {
  const dir = await makeFolder();
  cleanup.push(() => removeFolder(dir));
  return dir;
}

async function makeFolder(): Promise<string> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "parley-embedded-")));
  await chmod(dir, 0o755); // under root, PostgreSQL's user must enter
  return dir;
}

async function removeFolder(dir: string): Promise<void> {
  await stopPostmaster(join(dir, "postgres", "data"), "immediate");
  await rm(dir, { recursive: true });
}

async function start(dataDir: string, said: string[] = []): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ dataDir, log: (sentence) => said.push(sentence) });
  cleanup.push(postgres.stop);
  return postgres;
}

async function hold(dir: string, leave?: string, uid?: number): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [script, dir, ...(leave ? [leave] : [])], {
    stdio: ["ignore", "pipe", "inherit"],
    ...(uid !== undefined && { uid, gid: uid }),
  });
  cleanup.push(() => kill(child, "SIGKILL"));
  const [words] = (await once(child.stdout, "data")) as [Buffer];
  return { child, url: words.toString().trim().split(" ")[1] ?? "" };
}

async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill(signal);
  await gone;
}

async function postmasterOf(dir: string): Promise<number> {
  const [pid] = (await readFile(join(dir, "postgres", "data", "postmaster.pid"), "utf8")).split("\n");
  return Number(pid);
}

async function run(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  client.on("error", () => {});
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}
