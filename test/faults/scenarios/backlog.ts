import { startAll } from "../cluster.ts";
import type { Scenario } from "../scenario.ts";

/** After a day away everything that people wrote meanwhile waits at Telegram. */
export const backlog: Scenario = {
  name: "backlog",
  setting: (size) => ({
    telegram: "polling",
    startsLater: true,
    tokenMs: 0,
    places: { telegram: size === "long" ? 2_000 : 60 },
  }),
  async run({ cluster: { instances }, size, talk }) {
    const messages = size === "long" ? 100_000 : 3_000;
    await talk({ messages, perSecond: 1_000_000 }).ended;
    await startAll(instances);
    return `${messages} waiting updates after a day away`;
  },
  drainSeconds: (size) => (size === "long" ? 1_800 : 60),
};
