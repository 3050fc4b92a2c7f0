// npm run … → node bin/run.mjs [node's flags] <script> [its arguments]
// Starts a script of this project on a bare machine, with any Node from 18 on: installs the packages, finds a modern Node,
// builds the page, and becomes the script. Plain JavaScript, for an old Node reads it.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { buildPage } from "./build-page.mjs";
import { findNode } from "./find-node.mjs";
import { installPackages } from "./install-packages.mjs";
import { compileCache, nodeFlags } from "./node-flags.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const args = process.argv.slice(2);
const script = args.find((word) => !word.startsWith("-")) ?? "";
const isProgram = script === "src/main.ts";
/** Who calls node itself, a service manager for example, sends it signals himself. */
const isNpms = process.env.npm_lifecycle_event !== undefined;
const showsPage = isProgram || script === "test/run-tests.ts" || script === "bench/run-bench.ts";

try {
  // DATA_DIR and .env are the project's, wherever it is called from.
  process.chdir(root);
  if (isNpms) await import("./follow-parent.mjs");
  await installPackages(root);
  const node = findNode(root);
  if (showsPage) await buildPage(root, node);
  // The operator's tokens are for the program alone: tests and benches make their own environment.
  const settings = isProgram && existsSync(".env") ? ["--env-file-if-exists=.env"] : [];
  const manners = isNpms ? [`--import=${new URL("follow-parent.mjs", import.meta.url)}`] : [];
  const flags = isProgram ? nodeFlags : [];
  become(node, [...flags, ...settings, ...manners, ...args]);
} catch (error) {
  console.error(error instanceof Error && error.name === "LaunchError" ? error.message : error);
  process.exitCode = 1;
}

/** Replaces this process where Node can; else waits for the script, hands signals on and ends as it ends. */
function become(node, words) {
  const cache = isProgram ? compileCache(root) : {};
  const env = { ...cache, ...process.env, PATH: path.dirname(node) + path.delimiter + (process.env.PATH ?? "") };
  if (process.execve && process.platform !== "win32") process.execve(node, [node, ...words], env);

  const child = spawn(node, words, { stdio: "inherit", env });
  for (const signal of ["SIGTERM", "SIGHUP", "SIGUSR2"]) process.on(signal, () => child.kill(signal));
  // A terminal sends its Ctrl-C to both.
  process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
  child.on("error", (error) => {
    console.error(`${node} cannot be started: ${error.message}`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    if (!signal) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
