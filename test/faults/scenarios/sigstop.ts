import { pauseFor } from "../pause-for.ts";
import type { Scenario } from "../scenario.ts";

/** Instances stand still for longer than their leases last, and go on as if nothing had happened. */
export const sigstop: Scenario = {
  name: "sigstop",
  setting: (size) => ({ telegram: "webhook", tokenMs: 40, places: { telegram: size === "long" ? 100 : 40 } }),
  async run({ cluster: { instances, random }, size, talk }) {
    // Two of three at a time, for three leases; the short one for a lease and a third.
    const [rounds, frozenMs] = size === "long" ? [10, 45_000] : [1, 20_000];
    talk({ perSecond: 15 });
    for (let round = 0; round < rounds; round++) {
      await pauseFor(random.whole(1_000, 2_000));
      const awake = random.pick(instances);
      await Promise.all(instances.filter((one) => one !== awake).map((one) => one.freeze(frozenMs)));
    }
    return `${rounds * 2} × SIGSTOP for ${frozenMs / 1_000} s (a lease lasts 15 s), two of three instances at a time`;
  },
  drainSeconds: () => 30,
};
