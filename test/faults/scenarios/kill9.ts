import type { Scenario } from "../scenario.ts";
import { pauseFor } from "../pause-for.ts";

/** kill -9 of one instance after the other, in the midst of everything; each is started again a moment later. */
export const kill9: Scenario = {
  name: "kill9",
  setting: (size) => ({
    telegram: "webhook",
    discord: true,
    places:
      size === "long"
        ? { telegram: 140, discord: 30, commands: 10, web: 20 }
        : { telegram: 28, discord: 6, commands: 2, web: 4 },
  }),
  async run({ cluster: { instances, random }, size, talk }) {
    const [messages, kills] = size === "long" ? [10_000, 50] : [600, 6];
    const talking = talk({ messages, perSecond: 60 });
    for (let kill = 0; kill < kills; kill++) {
      await pauseFor(random.whole(500, 2_500));
      const victim = random.pick(instances);
      await victim.kill();
      await pauseFor(random.whole(0, 500));
      await victim.start();
    }
    await talking.ended;
    return `${kills} × kill -9 of one of three instances`;
  },
  drainSeconds: (size) => (size === "long" ? 30 : 60),
};
