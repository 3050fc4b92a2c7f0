import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import type { Outcome } from "./scenario.ts";

const root = join(import.meta.dirname, "..", "..");
const resultsFile = join(import.meta.dirname, "results.json");
const page = join(root, "docs", "reliability.md");
const [begin, end] = ["<!-- results: written by npm run faults -- --write -->", "<!-- end of results -->"];
const shownMax = 10;

/** The newest outcome of a scenario, good or bad, with the day and the machine. Older ones did not count takeovers. */
type Result = Omit<Outcome, Takeover> &
  Partial<Pick<Outcome, Takeover>> & { readonly at: string; readonly machine: string };
type Takeover = "takenOver" | "onTheWire";

/** Puts the outcomes in place of the older ones of the same scenarios, and writes the table of docs/reliability.md anew. */
export function writeResults(outcomes: readonly Outcome[], order: readonly string[]): void {
  const at = new Date().toISOString().slice(0, 10);
  const size = `${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GB`;
  const machine = `${size}, load ${loadavg()[1]?.toFixed(0)}, Node ${process.versions.node}`;
  const fresh = outcomes.map((outcome) => ({ ...outcome, violations: [...outcome.violations], at, machine }));
  const replaced = new Set(fresh.map(({ scenario }) => scenario));
  const results = [...readResults().filter(({ scenario }) => !replaced.has(scenario)), ...fresh].sort(
    (a, b) => order.indexOf(a.scenario) - order.indexOf(b.scenario),
  );
  // A list without an end helps nobody.
  const brief = results.map((result) => ({ ...result, violations: result.violations.slice(0, 100) }));
  writeFileSync(resultsFile, `${JSON.stringify(brief, undefined, 2)}\n`);

  const text = readFileSync(page, "utf8");
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`${page} has no place for the results`);
  writeFileSync(page, `${before}${begin}\n\n${table(results)}\n\n${failures(results)}\n\n${end}${after}`);
}

function readResults(): readonly Result[] {
  try {
    return JSON.parse(readFileSync(resultsFile, "utf8")) as Result[];
  } catch {
    return [];
  }
}

function table(results: readonly Result[]): string {
  const head =
    "| What was done | Messages | Lost | Disorder | Crossed | Doubled | Apologies, parked | AI requests | Drained | Holds | When, where | Repeat with |";
  const rule = `|${" --- |".repeat(12)}`;
  const rows = results.map((result) => {
    const { did, messages, lost, disordered, crossed, doubled, apologised, parked, aiCalls } = result;
    const holds = result.violations.length === 0 ? "yes" : `**no** (${result.violations.length})`;
    // JSON knows no Infinity.
    const drained =
      Number.isFinite(result.drainedSeconds) && result.drainedSeconds !== null
        ? `${result.drainedSeconds.toFixed(1)} s`
        : "**not in time**";
    const repeat = `\`npm run faults -- --only ${result.scenario} --seed ${result.seed}${result.size === "long" ? " --long" : ""}\``;
    const doubles = result.told > 0 ? `${doubled} (${result.told} told)` : doubled;
    const { takenOver = 0, onTheWire = 0 } = result;
    const cells = [
      takenOver > 0 ? `${did}; ${takenOver} turns taken over, ${onTheWire} calls for them on the wire` : did,
      messages,
      lost,
      disordered,
      crossed,
      doubles,
      `${apologised}, ${parked}`,
      aiCalls,
      drained,
      holds,
      `${result.at}, ${result.machine}`,
      repeat,
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return [head, rule, ...rows].join("\n");
}

function failures(results: readonly Result[]): string {
  const failed = results.filter(({ violations }) => violations.length > 0);
  if (failed.length === 0) return "In these runs everything held.";
  const lists = failed.map(({ scenario, seed, violations }) => {
    const more = violations.length > shownMax ? [`- … and ${violations.length - shownMax} more`] : [];
    const lines = violations.slice(0, shownMax).map((violation) => `- ${violation.replaceAll(/[|<>]/g, " ")}`);
    return [`**${scenario}**, seed ${seed}:`, "", ...lines, ...more].join("\n");
  });
  return `What did not hold:\n\n${lists.join("\n\n")}`;
}
