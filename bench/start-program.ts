import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compileCache, nodeFlags as usualFlags } from "../bin/node-flags.mjs";
import { until } from "../test/until.ts";

export type Program = {
  readonly url: string;
  readonly pid: number;
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>;
};

export type ProgramOptions = {
  /** Of the project, such as "src/main.ts". */
  readonly script: string;
  readonly nodeFlags?: readonly string[];
  /** All it has; nothing of the machine's environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where its output is kept. Not a pipe: whoever reads one would spend time that is measured. */
  readonly dir: string;
};

const root = join(import.meta.dirname, "..");
const startMs = 60_000;
const stopMs = 20_000;

/** Starts a script of the project in a process of its own, and waits until it says where it "is on". */
export async function startProgram({ script, nodeFlags = [], environment, dir }: ProgramOptions): Promise<Program> {
  const outputFile = join(dir, "output.log");
  const output = openSync(outputFile, "a");
  const child = spawn(process.execPath, [...usualFlags, ...nodeFlags, join(root, script)], {
    env: { PATH: process.env["PATH"], HOST: "127.0.0.1", PORT: "0", ...compileCache(root), ...environment },
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  const killAtExit = () => child.kill("SIGKILL");
  process.on("exit", killAtExit);
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const findUrl = () => / is on: (\S+)$/m.exec(readFileSync(outputFile, "utf8"))?.[1];

  const stop = async () => {
    process.off("exit", killAtExit);
    if (hasEnded()) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    const killing = setTimeout(() => child.kill("SIGKILL"), stopMs);
    await ended;
    clearTimeout(killing);
  };
  try {
    const url = await until(() => findUrl() ?? (hasEnded() ? "none" : undefined), `${script} serves`, startMs);
    if (url === "none") throw new Error(`${script} ended while it started`);
    return { url, pid: child.pid ?? 0, stop };
  } catch (error) {
    await stop();
    throw new Error(`${String(error)}. It said:\n${readFileSync(outputFile, "utf8").slice(-2_000)}`, { cause: error });
  }
}
