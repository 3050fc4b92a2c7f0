import { pauseFor } from "../pause-for.ts";
import type { Scenario } from "../scenario.ts";

/**
 * One instance alone loses its connections to PostgreSQL by resets, and gets none for a while: the others take its rooms, while it
 * still writes.
 */
export const postgresCut: Scenario = {
  name: "postgres-cut",
  setting: (size) => ({
    telegram: "webhook",
    discord: true,
    tokenMs: 250, // answers that are still growing when others have taken them
    places: size === "long" ? { telegram: 60, discord: 30, web: 10 } : { telegram: 18, discord: 9, web: 3 },
  }),
  async run({ cluster, size, talk }) {
    const { instances, random, disturbances } = cluster;
    const [cuts, perSecond] = size === "long" ? [30, 8] : [3, 5];
    talk({ perSecond });
    for (let cut = 0; cut < cuts; cut++) {
      await pauseFor(random.whole(2_000, 4_000));
      const one = random.pick(instances);
      const fromMs = Date.now();
      one.ways.postgres.refuse();
      await pauseFor(random.whole(1_000, 6_000));
      one.ways.postgres.pass();
      disturbances.push({ process: one.process, fromMs, untilMs: Date.now() + learnsWithinMs });
    }
    return `one of three instances cut off from PostgreSQL ${cuts} ×, for 1 to 6 s`;
  },
  drainSeconds: () => 60,
};

/** Until then it may lose a turn of which it could not tell the others that it has it. */
const learnsWithinMs = 2_000;
