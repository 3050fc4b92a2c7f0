import { pauseFor } from "../pause-for.ts";
import type { Scenario } from "../scenario.ts";

/** PostgreSQL stops at once, as when its power fails, and recovers. */
export const postgresStops: Scenario = {
  name: "postgres-stops",
  setting: (size) => ({
    telegram: "webhook",
    places: size === "long" ? { telegram: 90, web: 10 } : { telegram: 27, web: 3 },
  }),
  async run({ cluster: { database, random }, size, talk }) {
    const stops = size === "long" ? 20 : 3;
    talk({ perSecond: 40 });
    for (let stop = 0; stop < stops; stop++) {
      await pauseFor(random.whole(1_000, 4_000));
      await database.stopNow();
    }
    return `${stops} immediate stops of PostgreSQL`;
  },
  drainSeconds: () => 60,
};
