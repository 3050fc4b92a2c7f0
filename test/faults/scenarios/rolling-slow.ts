import { restartAll } from "../restart-all.ts";
import type { Scenario } from "../scenario.ts";

/** Deploys while most answers take longer than an instance may take to end: it hands them back, and Telegram's polling and Discord's shard over. */
export const rollingSlow: Scenario = {
  name: "rolling-slow",
  setting: (size) => ({
    telegram: "polling",
    discord: true,
    tokenMs: 600,
    places: size === "long" ? { telegram: 60, discord: 30, web: 10 } : { telegram: 20, discord: 10, web: 4 },
  }),
  async run(stage) {
    const { talk, size, cluster, watch } = stage;
    talk({ perSecond: size === "long" ? 6 : 2 });
    const { restarts, slowest } = await restartAll(stage);
    cluster.ai.tokenMs = 15; // what waits is not to be drained at this pace
    const again = watch.calls.length - watch.asked.size;
    return `${restarts} rolling SIGTERM restarts under answers of 11 s and more (slowest drain ${slowest}; ${again} answers handed back and begun again)`;
  },
  drainSeconds: () => 60,
};
