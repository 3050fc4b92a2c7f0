import { parseArgs } from "node:util";
import { findRedis } from "../setup/find-redis.ts";
import { installMissing } from "../setup/install-missing.ts";
import { type Outcome, play } from "./scenario.ts";
import { scenarios } from "./scenarios.ts";
import { writeResults } from "./write-results.ts";

// npm run faults -- [--only kill9,redis] [--seed 42] [--long] [--write]
// Hurts three instances in every way that we could think of, and audits each run from outside. Each prints the seed that repeats
// it. --write puts what came out, good or bad, into docs/reliability.md.

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    seed: { type: "string" },
    long: { type: "boolean" },
    write: { type: "boolean" },
  },
});
const names = scenarios.map(({ name }) => name);
const only = values.only?.split(",") ?? names;
const strangers = only.filter((name) => !names.includes(name));
if (strangers.length > 0)
  throw new Error(`There is no scenario ${strangers.join(", ")}: there are ${names.join(", ")}.`);
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000));
const size = values.long ? "long" : "short";
const shownMax = 20;

if (!findRedis()) installMissing();
let failed = 0;
for (const scenario of scenarios.filter(({ name }) => only.includes(name))) {
  console.log(`\n── ${scenario.name} --seed ${seed}${values.long ? " --long" : ""}`);
  try {
    const outcome = await play(scenario, size, seed);
    print(outcome);
    if (outcome.violations.length > 0) failed += 1;
    if (values.write) writeResults([outcome], names);
  } catch (error) {
    failed += 1;
    console.error(error);
  }
}
console.log(failed === 0 ? "\nEverything held." : `\n${failed} of ${only.length} did not hold.`);
process.exitCode = failed > 0 ? 1 : 0;

function print(outcome: Outcome): void {
  const { did, messages, answered, doubled, told, aiCalls, drainedSeconds, tookSeconds, violations } = outcome;
  console.log(`${did}; ${messages} messages, ${answered} answered, ${aiCalls} requests to the AI`);
  if (outcome.takenOver > 0)
    console.log(`${outcome.takenOver} turns taken over, ${outcome.onTheWire} calls for them still on the wire`);
  if (doubled > 0) console.log(`${doubled} parts doubled, ${told} of them told as not to be settled`);
  console.log(
    `drained in ${drainedSeconds.toFixed(1)} s, took ${tookSeconds.toFixed(0)} s, ${violations.length} violations`,
  );
  for (const violation of violations.slice(0, shownMax)) console.log(`  ✗ ${violation}`);
}
