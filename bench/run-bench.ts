import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findRedis } from "../test/setup/find-redis.ts";
import { installMissing } from "../test/setup/install-missing.ts";
import { measure } from "./measure.ts";
import { report, type Run } from "./report.ts";
import { runFairness } from "./run-fairness.ts";
import { bareBot, embedded, type System, withPostgresAndRedis } from "./systems.ts";

// npm run bench -- [--quick] [--rounds 3] [--profile] [--fair]
// Measures Parley beside a bare bot: in turns, so that whatever else the machine does weighs on all of them.
// --quick is one round with fewer users. --profile leaves CPU profiles in bench/results for Chrome's or an editor's viewer.
// --fair measures something else: how much longer others wait because of one sender's thousand messages.

const { values } = parseArgs({
  options: {
    quick: { type: "boolean" },
    rounds: { type: "string" },
    profile: { type: "boolean" },
    fair: { type: "boolean" },
  },
});
const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
const users = values.quick ? 80 : 200;
const results = join(import.meta.dirname, "results");
const nodeFlags = values.profile ? ["--cpu-prof", `--cpu-prof-dir=${results}`] : [];

if (!findRedis()) installMissing();
if (!findRedis()) console.warn(`No redis-server is on the PATH: "${withPostgresAndRedis.name}" is left out.`);
const systems: readonly System[] = [bareBot, ...(findRedis() ? [withPostgresAndRedis] : []), embedded];

if (values.fair) await runFairness();
else await compareSystems();

async function compareSystems(): Promise<void> {
  const runs: Run[] = [];
  for (let round = 1; round <= rounds; round++)
    for (const aiDelayMs of [0, 500])
      for (const system of systems) {
        const figures = await measure({ system, aiDelayMs, users, nodeFlags });
        runs.push({ round, system: system.name, aiDelayMs, figures });
        console.log(
          `round ${round}/${rounds}, AI after ${aiDelayMs} ms, ${system.name}: ${figures.repliesPerSecond.toFixed(0)} replies/s, p50 ${figures.endToEndP50Ms.toFixed(0)} ms`,
        );
      }

  mkdirSync(results, { recursive: true });
  writeFileSync(
    join(results, "latest.json"),
    JSON.stringify({ at: new Date().toISOString(), users, runs }, undefined, 2),
  );
  console.log(`\n${report(runs, users)}`);
}
