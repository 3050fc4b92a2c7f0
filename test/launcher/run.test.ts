import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");
/** Makes this Node one that cannot replace itself (before 22.15, and on Windows), or an old one. */
const withoutExecve = ["--import", "data:text/javascript,delete process.execve"];
const asNode18 = [
  "--import",
  "data:text/javascript,delete process.execve;Object.defineProperty(process.versions,'node',{value:'18.20.0'})",
];
const launchers = [
  ["replacing itself", []],
  ["waiting for the script", withoutExecve],
  ["with a modern Node from npm", asNode18],
] as const;

const children: ChildProcess[] = [];
let folder = "";
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "parley launcher-")));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});
afterAll(() => rm(folder, { recursive: true }));

test.each(launchers)("%s, it runs a script from anywhere, in the project's folder", async (_how, flags) => {
  const script = await write(
    "say.ts",
    "const said: string[] = process.argv.slice(2); console.log(process.cwd(), said)",
  );
  const { code, said } = await launch(flags, [script, "a", "b c"], { cwd: tmpdir() });
  expect(said).toBe(`${root} [ 'a', 'b c' ]`);
  expect(code).toBe(0);
});

test.each(launchers)("%s, it ends as the script ends", async (_how, flags) => {
  expect(await launch(flags, [await write("seven.ts", "process.exit(7)")])).toMatchObject({ code: 7 });
  expect(await launch(flags, [await write("killed.ts", "process.kill(process.pid, 'SIGTERM')")])).toMatchObject({
    signal: "SIGTERM",
  });
});

test.each(launchers)("%s, it hands signals on", async (_how, flags) => {
  const script = await write(
    "wait.ts",
    "process.on('SIGTERM', () => process.exit(3)); setInterval(() => {}, 1000); console.log('ready')",
  );
  const child = start(flags, [script]);
  await once(child.stdout!, "data");
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([3, null]);
});

test("kill -9 of the launcher is kill -9 of the script", async () => {
  const script = await write("pid.ts", "console.log(process.pid); setInterval(() => {}, 1000)");
  const child = start([], [script]);
  const [pid] = (await once(child.stdout!, "data")) as [Buffer];
  expect(Number(pid.toString())).toBe(child.pid);
});

test.each(launchers)(
  "%s, the script ends when npm is ended, though npm's shell tells it nothing",
  async (_how, flags) => {
    const script = await write("stay.ts", "setInterval(() => {}, 1000); console.log('ready')");
    const words = [process.execPath, ...flags, join(root, "bin", "run.mjs"), script].map(
      (word) => `'${word.replaceAll("'", `'\\''`)}'`,
    );
    // What dash does with a script, every shell does with two commands.
    const shell = spawn("sh", ["-c", `${words.join(" ")}; true`], {
      env: { PATH: process.env["PATH"], npm_lifecycle_event: "start" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(shell);
    await once(shell.stdout, "data");
    shell.kill("SIGTERM");
    await once(shell.stdout, "end"); // nobody is left who could write
  },
);

test("an old Node without npm's modern one says what to do", async () => {
  const project = await makeProject("bare");
  const { code, said } = await launch(asNode18, ["say.mjs"], { project, env: { PARLEY_SKIP_INSTALL: "1" } });
  expect(said).toMatch(/^Parley needs Node 24\.11 or newer\. This is v.* is not installed\. Install a newer Node/);
  expect(code).toBe(1);
});

test("missing packages are installed, once, also when two start at the same time", async () => {
  const project = await makeProject("empty");
  const npm = await write("npm-cli.js", npmThatInstalls);
  const env = { npm_execpath: npm };
  const both = await Promise.all([1, 2].map(() => launch([], ["say.mjs"], { project, env })));
  expect(both.map(({ said }) => said.split("\n").at(-1))).toEqual(["hello", "hello"]);
  expect(await launch([], ["say.mjs"], { project, env })).toMatchObject({ said: "hello" });
  expect(await readFile(join(project, "installs"), "utf8")).toBe("ci\n");

  await writeLock(project, "2.0.0");
  expect((await launch([], ["say.mjs"], { project, env })).said).toContain("Installing the packages");
  expect(await readFile(join(project, "installs"), "utf8")).toBe("ci\nci\n");
});

test("packages that somebody's own npm installed are left alone, and in production all are", async () => {
  const project = await makeProject("own");
  const env = { npm_execpath: await write("npm-cli.js", "process.exit(1)") };
  expect(await launch([], ["say.mjs"], { project, env: { ...env, NODE_ENV: "production" } })).toMatchObject({
    said: "hello",
  });
  await mkdir(join(project, "node_modules"));
  await cp(join(project, "package-lock.json"), join(project, "node_modules", ".package-lock.json"));
  expect(await launch([], ["say.mjs"], { project, env })).toMatchObject({ said: "hello" });
});

test.each([
  ["npm error code ENOTFOUND", "npm cannot reach its registry"],
  ["npm error code EACCES", "npm may not write here"],
  ["npm error code E404", "Correct what npm says"],
])("when npm fails with %s, it says what to do, and tries again the next time", async (words, advice) => {
  const project = await makeProject("failing");
  const env = { npm_execpath: await write("npm-cli.js", `console.error(${JSON.stringify(words)}); process.exit(1)`) };
  const { code, said } = await launch([], ["say.mjs"], { project, env });
  expect(said).toContain(advice);
  expect(said).toContain(words);
  expect(code).toBe(1);
  await writeFile(env.npm_execpath, npmThatInstalls);
  expect((await launch([], ["say.mjs"], { project, env })).said).toContain("hello");
});

const npmThatInstalls = `
  import("node:fs").then(({ appendFileSync, mkdirSync }) => {
    appendFileSync("installs", process.argv[2] + "\\n");
    setTimeout(() => mkdirSync("node_modules", { recursive: true }), 300);
  });
`;

type LaunchOptions = { readonly project?: string; readonly cwd?: string; readonly env?: Record<string, string> };
type End = { readonly code: number | null; readonly signal: string | null; readonly said: string };

async function launch(flags: readonly string[], words: readonly string[], options: LaunchOptions = {}): Promise<End> {
  const child = start(flags, words, options);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (text: Buffer) => (said += text.toString()));
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  return { code, signal, said: said.trim() };
}

function start(
  flags: readonly string[],
  words: readonly string[],
  { project = root, cwd = project, env = {} }: LaunchOptions = {},
): ChildProcess {
  const options: SpawnOptions = { cwd, env: { PATH: process.env["PATH"], ...env }, stdio: ["ignore", "pipe", "pipe"] };
  const child = spawn(process.execPath, [...flags, join(project, "bin", "run.mjs"), ...words], options);
  children.push(child);
  return child;
}

async function write(name: string, source: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, source);
  return path;
}

async function makeProject(name: string): Promise<string> {
  const project = await mkdtemp(join(folder, `${name} `));
  await cp(join(root, "bin"), join(project, "bin"), { recursive: true });
  await writeFile(join(project, "say.mjs"), 'console.log("hello")');
  await writeLock(project, "1.0.0");
  return project;
}

async function writeLock(project: string, version: string): Promise<void> {
  const others = { version, optional: true, os: ["beos"], cpu: ["m68k"] };
  const packages = { "": {}, "node_modules/a": { version }, "node_modules/b": others };
  await writeFile(join(project, "package-lock.json"), JSON.stringify({ packages }));
}
