import { expect, test } from "vitest";
import { play } from "../faults/scenario.ts";
import { scenarios } from "../faults/scenarios.ts";
import { findRedis } from "../setup/find-redis.ts";

// The short sizes of those faults that pass in seconds. All of them, and the long sizes: npm run faults.
const short = ["kill9", "postgres-stops", "postgres-refuses", "commit-never-told", "webhook-acks", "rolling"];
const seed = 42;
const withinMs = 300_000;
/** How soon it is done, npm run faults tells; here whether it is, on a busy machine too. */
const drainSeconds = () => 120;

for (const scenario of scenarios.filter(({ name }) => short.includes(name)))
  test.skipIf(!findRedis())(
    `nothing is lost, doubled or out of order: ${scenario.name}`,
    async () => {
      const { violations, messages, answered } = await play({ ...scenario, drainSeconds }, "short", seed);
      expect(violations).toEqual([]);
      expect(answered).toBe(messages);
    },
    withinMs,
  );
