import { createClient } from "redis";
import type { Cluster } from "../cluster.ts";
import { pauseFor } from "../pause-for.ts";
import type { Scenario } from "../scenario.ts";

/** Redis is not there when the instances start; later it forgets everything, is killed, hangs, and is not there when one starts again. */
export const redis: Scenario = {
  name: "redis",
  setting: (size) => ({
    telegram: "webhook",
    withoutRedis: true,
    places: size === "long" ? { telegram: 90, web: 10 } : { telegram: 27, web: 3 },
  }),
  async run({ cluster, size, talk }) {
    const { instances, redis, random } = cluster;
    const [flushes, kills, absentMs, hungMs] = size === "long" ? [20, 10, 20_000, 60_000] : [4, 2, 3_000, 6_000];
    talk({ perSecond: 40 });
    await pauseFor(absentMs);
    await redis.start();
    for (let flush = 0; flush < flushes; flush++) {
      await pauseFor(random.whole(200, 800));
      await flushAll(cluster);
    }
    for (let kill = 0; kill < kills; kill++) {
      await redis.kill();
      await pauseFor(random.whole(100, 1_500));
      await redis.start();
      await pauseFor(random.whole(100, 1_000));
    }
    for (const { ways } of instances) ways.redis.hang();
    await pauseFor(hungMs);
    for (const { ways } of instances) ways.redis.pass();

    await redis.kill();
    const one = random.pick(instances);
    await one.kill();
    await one.start();
    await pauseFor(2_000);
    await redis.start();
    return `Redis: FLUSHALL ${flushes} ×, killed ${kills} ×, hung for ${hungMs / 1_000} s, absent from the start for ${absentMs / 1_000} s, and at another start`;
  },
  drainSeconds: () => 30,
};

async function flushAll({ redis }: Cluster): Promise<void> {
  const client = createClient({ url: redis.server?.url ?? "" });
  client.on("error", () => {});
  await client.connect();
  await client.flushAll();
  client.destroy();
}
