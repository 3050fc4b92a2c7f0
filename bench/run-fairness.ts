import { availableParallelism } from "node:os";
import { findRedis } from "../test/setup/find-redis.ts";
import { type Fairness, measureFairness } from "./measure-fairness.ts";
import { embedded, withPostgresAndRedis } from "./systems.ts";

/** How much longer others wait because of one sender's thousand messages: three runs, one after the other, on the same machine. */
export async function runFairness(): Promise<void> {
  const system = findRedis() ? withPostgresAndRedis : embedded;
  const calm = await measureFairness(system, "none");
  print(calm, calm);
  for (const flood of ["one room", "many rooms"] as const) print(await measureFairness(system, flood), calm);
  console.log(`${system.name}, on ${availableParallelism()} cores, Node ${process.version}`);
}

function print({ flood, p50Ms, p95Ms, floodReplies, loadAverage }: Fairness, calm: Fairness): void {
  const ratio = (p95Ms / calm.p95Ms).toFixed(2);
  console.log(
    `flood in ${flood}: others' p50 ${p50Ms.toFixed(0)} ms, p95 ${p95Ms.toFixed(0)} ms (× ${ratio}), ${floodReplies} replies to the flood meanwhile, load average ${loadAverage.toFixed(1)}`,
  );
}
