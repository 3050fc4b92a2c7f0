import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { until } from "../until.ts";

/** The whole program in a process of its own, as its users run it. */
export type Parley = {
  /** Where it listens; empty until it does. */
  readonly url: string;
  readonly pid: number;
  /** Everything it has printed. */
  output(): string;
  /** kill -9. */
  kill(): Promise<void>;
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>;
  /** Any other signal, such as SIGSTOP. */
  signal(name: NodeJS.Signals): void;
  /** Resolves with the exit code. */
  readonly exited: Promise<number | null>;
};

export type Environment = Readonly<Record<string, string | undefined>>;

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const startMs = 60_000;

/** Starts Parley with these settings and nothing of the machine's environment, and waits until it serves. */
export async function startParley(environment: Environment): Promise<Parley> {
  const parley = spawnParley(environment);
  await until(() => hasStarted(parley), "Parley serves", startMs).catch((error: unknown) => {
    parley.signal("SIGKILL");
    throw new Error(`${String(error)}\n${parley.output()}`);
  });
  if (!parley.url) throw new Error(`Parley ended while it started:\n${parley.output()}`);
  return parley;
}

function hasStarted(parley: Parley & { hasEnded(): boolean }): boolean {
  return parley.hasEnded() || parley.url !== "";
}

type Spawned = Parley & { hasEnded(): boolean; write(text: string): void; endInput(): void };

/** As `startParley`, without waiting: for starts that are to fail. */
export function spawnParley(environment: Environment, args: readonly string[] = []): Spawned {
  const child = spawn(process.execPath, [main, ...args], {
    env: { PATH: process.env["PATH"], HOST: "127.0.0.1", PORT: "0", ...environment },
    stdio: ["pipe", "pipe", "pipe"],
  });
  running.add(child);
  const exited = once(child, "exit").then(([code]) => {
    running.delete(child);
    return code as number | null;
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));

  return {
    get url() {
      return /^Parley is on: (\S+)$/m.exec(output)?.[1] ?? "";
    },
    get pid() {
      return child.pid ?? 0;
    },
    output: () => output,
    write: (text) => void child.stdin.write(text),
    endInput: () => void child.stdin.end(),
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
    async stop() {
      child.kill("SIGTERM");
      return await exited;
    },
    signal: (name) => void child.kill(name),
    exited,
  };
}

const running = new Set<ChildProcess>();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));
