import { clockShift } from "../cluster.ts";
import { pauseFor } from "../pause-for.ts";
import type { Scenario } from "../scenario.ts";

/** One instance's clock is an hour ahead and jumps by up to ten minutes; Telegram asks for pauses meanwhile. */
export const clock: Scenario = {
  name: "clock",
  setting: (size) => ({
    telegram: "webhook",
    tokenMs: 60,
    places: { telegram: size === "long" ? 100 : 30 },
    environments: {
      B: {
        NODE_OPTIONS: `--import=${clockShift}`,
        CLOCK_OFFSET_MS: String(60 * 60_000),
        CLOCK_JUMP_MS: String(10 * 60_000),
        CLOCK_JUMP_EVERY_MS: "2000",
      },
    },
  }),
  async run({ cluster: { telegram, random, instances }, size, talk }) {
    const pauses = size === "long" ? 60 : 8;
    talk({ perSecond: 40 });
    for (let pause = 0; pause < pauses; pause++) {
      await pauseFor(random.whole(500, 1_500));
      const retryAfter = random.whole(1, 3);
      const description = `Too Many Requests: retry after ${retryAfter}`;
      telegram.failNext("sendMessage", { status: 429, description, retryAfter });
      if (pause === Math.floor(pauses / 2)) {
        const victim = random.pick(instances.filter(({ name }) => name !== "B"));
        await victim.kill();
        await victim.start();
      }
    }
    return `one clock an hour ahead and jumping by up to 10 min every 2 s, ${pauses} pauses asked for, one kill -9`;
  },
  drainSeconds: () => 45,
};
