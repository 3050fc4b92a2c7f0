import { pauseFor } from "../pause-for.ts";
import type { Scenario } from "../scenario.ts";

/** Nobody reaches PostgreSQL for longer than a lease lasts: nobody listens there, or nobody answers. Nobody has died of it. */
export const postgresAway: Scenario = {
  name: "postgres-away",
  setting: (size) => ({
    telegram: "webhook",
    tokenMs: 100, // answers that still grow when it goes
    places: size === "long" ? { telegram: 90, web: 10 } : { telegram: 27, web: 3 },
  }),
  async run({ cluster: { instances, random }, size, talk }) {
    const [times, awayMs] = size === "long" ? [5, 25_000] : [1, 18_000];
    const ways = instances.map((one) => one.ways.postgres);
    talk({ perSecond: 8, waitingMax: Infinity });
    for (let time = 0; time < times; time++)
      for (const how of ["refuse", "hang"] as const) {
        await pauseFor(random.whole(2_000, 4_000));
        for (const way of ways) way[how]();
        await pauseFor(awayMs);
        for (const way of ways) way.pass();
      }
    return `PostgreSQL out of reach for all ${times * 2} ×, for ${awayMs / 1_000} s each (half refusing, half silent)`;
  },
  drainSeconds: () => 60,
};
