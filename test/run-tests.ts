import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installMissing } from "./setup/install-missing.ts";

/** `npm test`: installs what is missing, runs all tests (or those its arguments name) and closes with one line of figures. */
const root = join(import.meta.dirname, "..");
const reports = await mkdtemp(join(tmpdir(), "parley-report-"));
const report = join(reports, "vitest.json");

installMissing();
const vitest = spawn(
  process.execPath,
  [
    join(root, "node_modules", "vitest", "vitest.mjs"),
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: "inherit" },
);
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => vitest.kill(signal));
const [code] = (await once(vitest, "exit")) as [number | null];

const figures = await readFigures(report);
await rm(reports, { recursive: true });
// Files that do not load and errors outside of tests fail the run too, though no test did.
const failed = code === 0 ? figures.failed : Math.max(1, figures.failed);
console.log(`\nTests: ${figures.passed} passed, ${failed} failed, ${figures.skipped} skipped`);
process.exitCode = failed > 0 ? 1 : 0;

type Figures = { readonly passed: number; readonly failed: number; readonly skipped: number };

async function readFigures(path: string): Promise<Figures> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (!text) return { passed: 0, failed: 0, skipped: 0 };
  const found = JSON.parse(text) as Record<string, number>;
  const { numPassedTests = 0, numFailedTests = 0, numPendingTests = 0, numTodoTests = 0 } = found;
  return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests };
}
