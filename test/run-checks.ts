import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkFloors } from "./architecture/check-floors.ts";
import { checkLock } from "./architecture/check-lock.ts";
import { checkWords } from "./architecture/check-words.ts";
import { readCatalogues } from "./architecture/read-catalogues.ts";
import { readSources } from "./architecture/read-sources.ts";
import { writeEnvExample } from "./setup/env-example.ts";
import { writeReadmeSettings } from "./setup/readme-settings.ts";

/** `npm run check`: format, lint, types, floors, dead code. With `-- --write` it first writes what can be written. */
const root = join(import.meta.dirname, "..");
const stepWithinMs = 120_000;
const outputCharsMax = 20_000;

/** What is wrong; empty: nothing. */
type Check = () => Promise<string> | string;

const checks: Readonly<Record<string, Check>> = {
  "format (oxfmt)": () => run("oxfmt/bin/oxfmt", "--check", "."),
  "lint (oxlint)": () =>
    run("oxlint/bin/oxlint", "--type-aware", "src", "test", "bench", "vitest.config.ts", "vite.config.ts"),
  "types (tsc)": () => run("typescript/bin/tsc", "-p", "."),
  "types of the page (tsc)": () =>
    existsSync(join(root, "src/web/page/tsconfig.json"))
      ? run("typescript/bin/tsc", "-p", "src/web/page", "--noEmit")
      : "",
  "dead code (knip)": () => run("knip/bin/knip.js", "--no-progress"),
  "floors of the architecture": () => checkFloors(readSources(root)).join("\n"),
  "words of every language": () => checkWords(readCatalogues(root), readSources(root)).join("\n"),
  "package-lock.json is whole": () => checkLock(readFileSync(join(root, "package-lock.json"), "utf8")).join("\n"),
  ".env.example tells the settings": () =>
    readEnvExample() === writeEnvExample()
      ? ""
      : ".env.example is out of step with src/config.ts. Run: npm run check -- --write",
  "README.md tells the settings": () =>
    readReadme() === writeReadmeSettings(readReadme())
      ? ""
      : "README.md is out of step with src/config.ts. Run: npm run check -- --write",
};

if (process.argv.includes("--write")) {
  writeFileSync(join(root, ".env.example"), writeEnvExample());
  writeFileSync(join(root, "README.md"), writeReadmeSettings(readReadme()));
  await run("oxfmt/bin/oxfmt", ".");
}
const startedAt = Date.now();
const outcomes = await Promise.all(Object.entries(checks).map(([name, check]) => time(name, check)));
for (const { name, complaint } of outcomes) if (complaint) console.log(`\n── ${name}\n${complaint}`);

const failures = outcomes.filter(({ complaint }) => complaint).map(({ name }) => name);
const took = `${((Date.now() - startedAt) / 1_000).toFixed(1)} s`;
console.log(failures.length > 0 ? `\nCheck failed in ${took}: ${failures.join(", ")}` : `\nCheck passed in ${took}`);
process.exitCode = failures.length > 0 ? 1 : 0;

type Outcome = { readonly name: string; readonly complaint: string };

async function time(name: string, check: Check): Promise<Outcome> {
  const from = performance.now();
  const complaint = await check();
  console.log(`${complaint ? "✗" : "✓"} ${name}  ${((performance.now() - from) / 1_000).toFixed(1)} s`);
  return { name, complaint };
}

/** What a tool of node_modules says, if it fails. */
async function run(tool: string, ...words: readonly string[]): Promise<string> {
  const file = join(root, "node_modules", tool);
  const child = spawn(process.execPath, [file, ...words], { cwd: root, timeout: stepWithinMs });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-outputCharsMax)));
  const code = await new Promise((resolve) => child.once("error", resolve).once("close", resolve));
  return code === 0 ? "" : said.trim() || `${tool} ended with ${String(code)}`;
}

function readReadme(): string {
  return readFileSync(join(root, "README.md"), "utf8");
}

function readEnvExample(): string {
  const file = join(root, ".env.example");
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}
