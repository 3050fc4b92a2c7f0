import { execFile, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { open, readFile, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { bareEnvironment } from "./bare-environment.ts";
import type { Program } from "./install-program.ts";
import type { Home } from "./open-home.ts";

const logBytesMax = 10_000_000;
const failureLinesMax = 10;
const pollMs = 10;

/** A server that lives, as its pid file tells. */
export type Postmaster = { readonly pid: number; readonly port: number; readonly ready: boolean };

/**
 * The server that runs on `dataDir`. Undefined: none, and nothing is in the way of starting one.
 *
 * @param ownPid a process that is known to be one
 */
export async function findPostmaster(dataDir: string, ownPid?: number): Promise<Postmaster | undefined> {
  const found = await readPidFile(dataDir);
  if (!found || !isAlive(found.pid)) return undefined;
  if (found.pid === ownPid || (await isServerOf(dataDir, found.pid))) return found;
  // The number went to a stranger (in a container nearly always): PostgreSQL would take it for a server and refuse.
  if ((await readPidFile(dataDir))?.pid === found.pid) await rm(join(dataDir, "postmaster.pid"), { force: true });
  return undefined;
}

/** A server that was started and is not known to be ready. */
export type Launched = {
  readonly pid: number | undefined;
  /** Its last words, once it has ended. */
  failure?: string;
};

export type LaunchOptions = {
  /** Absent: any free one. */
  readonly port?: number;
  readonly maxConnections?: number;
};

/** Starts a server in a process group of its own: Ctrl-C is ours to answer first. */
export async function launchPostmaster(
  home: Home,
  program: Program,
  dataDir: string,
  options: LaunchOptions,
): Promise<Launched> {
  const port = options.port ?? (home.socketDir ? randomInt(10_000, 60_000) : await findFreePort());
  const log = await openLog(home.log);
  const { size } = await log.stat();
  const child = spawn(
    join(program.dir, "bin", "postgres"),
    ["-D", dataDir, ...toArguments(home, port, options.maxConnections ?? 60)],
    {
      cwd: home.dir,
      detached: true,
      windowsHide: true,
      stdio: ["ignore", log.fd, log.fd],
      ...bareEnvironment,
      ...home.account,
    },
  );
  const launched: Launched = { pid: child.pid };
  child.once("error", (error) => (launched.failure = error.message));
  child.once("exit", () => void readWords(home.log, size).then((words) => (launched.failure = words)));
  child.unref();
  await log.close();
  return launched;
}

/** Durable (fsync and synchronous_commit are PostgreSQL's defaults, said aloud), small, and quiet about what people wrote. */
function* toArguments(home: Home, port: number, maxConnections: number): Iterable<string> {
  const settings = {
    port,
    listen_addresses: home.socketDir ? "" : "127.0.0.1",
    unix_socket_directories: home.socketDir ? `"${home.socketDir.replaceAll('"', '""')}"` : "",
    unix_socket_permissions: "0700",
    max_connections: maxConnections,
    fsync: "on",
    full_page_writes: "on",
    synchronous_commit: "on",
    wal_level: "minimal",
    max_wal_senders: 0,
    max_wal_size: "512MB",
    shared_buffers: "64MB",
    maintenance_work_mem: "32MB",
    jit: "off",
    io_method: "sync",
    max_parallel_workers_per_gather: 0,
    max_logical_replication_workers: 0,
    log_min_messages: "log",
    log_min_error_statement: "panic",
    log_error_verbosity: "terse",
    log_checkpoints: "off",
    log_line_prefix: "%m [%p] ",
    cluster_name: "parley",
  };
  for (const [name, value] of Object.entries(settings)) yield* ["-c", `${name}=${value}`];
}

/**
 * Ends the server and waits until it has gone, at most 17 s. "fast": connections are closed, everything is written.
 * "immediate": at once; what was committed is recovered at the next start. None runs: nothing happens.
 */
export async function stopPostmaster(dataDir: string, how: "fast" | "immediate"): Promise<void> {
  const steps = [
    { signal: "SIGINT", withinMs: 10_000 },
    { signal: "SIGQUIT", withinMs: 5_000 },
    { signal: "SIGKILL", withinMs: 2_000 },
  ] as const;
  const running = await findPostmaster(dataDir);
  if (!running) return;
  for (const { signal, withinMs } of how === "fast" ? steps : steps.slice(1)) {
    if (isAlive(running.pid)) process.kill(running.pid, signal);
    if (await isGone(dataDir, running.pid, withinMs)) return;
  }
}

async function isGone(dataDir: string, pid: number, withinMs: number): Promise<boolean> {
  const endsAt = performance.now() + withinMs;
  while (performance.now() < endsAt) {
    // A process that nobody reaped answers signals still.
    if (!isAlive(pid) || !(await isServerOf(dataDir, pid))) return true;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  return false;
}

/** Whether a process of that number exists, be it whose it may. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

async function isServerOf(dataDir: string, pid: number): Promise<boolean> {
  if (process.platform === "win32") return true;
  const command =
    process.platform === "linux"
      ? readFile(`/proc/${pid}/cmdline`, "utf8")
      : promisify(execFile)("ps", ["-ww", "-p", String(pid), "-o", "command="]).then(({ stdout }) => stdout);
  return (await command.catch(() => "")).includes(dataDir);
}

/** Its lines: pid, data folder, start time, port, socket folder, address, shared memory, status. */
async function readPidFile(dataDir: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(dataDir, "postmaster.pid"), "utf8").catch(() => "");
  const lines = text.split("\n");
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === "ready" };
}

async function openLog(path: string): Promise<FileHandle> {
  const size = await stat(path).then(
    (file) => file.size,
    () => 0,
  );
  if (size > logBytesMax) await rename(path, `${path}.old`);
  return open(path, "a", 0o600);
}

async function readWords(log: string, fromByte: number): Promise<string> {
  const bytes = await readFile(log).catch(() => Buffer.alloc(0));
  const lines = bytes.subarray(fromByte).toString().trim().split("\n");
  return lines.slice(-failureLinesMax).join("\n") || "(nothing)";
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address ? address.port : 0;
}
