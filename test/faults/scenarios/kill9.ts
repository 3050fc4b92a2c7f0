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
  async run({ cluster: { instances, random }, places, size, talk }) {
    const [messages, killsMin] = size === "long" ? [10_000, 50] : [600, 6];
    talk({ perSecond: 50 });
    const written = () => places.reduce((sum, place) => sum + place.written, 0);
    let kills = 0;
    for (; kills < killsMin || written() < messages; kills++) {
      await pauseFor(random.whole(500, 2_500));
      const victim = random.pick(instances);
      await victim.kill();
      await pauseFor(random.whole(0, 500));
      await victim.start();
    }
    return `${kills} × kill -9 of one of three instances`;
  },
  drainSeconds: (size) => (size === "long" ? 30 : 60),
};
