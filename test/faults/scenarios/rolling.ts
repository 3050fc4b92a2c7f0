import { restartAll } from "../restart-all.ts";
import type { Scenario } from "../scenario.ts";

/** Deploys: SIGTERM to one instance after the other, each started again, while people write. */
export const rolling: Scenario = {
  name: "rolling",
  setting: (size) => ({
    telegram: "webhook",
    discord: true,
    places: size === "long" ? { telegram: 80, discord: 10, web: 10 } : { telegram: 32, discord: 4, web: 4 },
  }),
  async run(stage) {
    stage.talk({ perSecond: 50 });
    const { restarts, slowest } = await restartAll(stage);
    return `${restarts} rolling SIGTERM restarts under 50 messages/s (slowest drain ${slowest})`;
  },
  drainSeconds: (size) => (size === "long" ? 30 : 60),
};
