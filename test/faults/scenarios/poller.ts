import { until } from "../../until.ts";
import type { Cluster, Instance } from "../cluster.ts";
import { pauseFor } from "../pause-for.ts";
import type { Scenario } from "../scenario.ts";

const successorMs = 10_000;

/** Who polls Telegram is killed, or cut off from the database or from everything; another one must follow. */
export const poller: Scenario = {
  name: "poller",
  setting: (size) => ({ telegram: "polling", places: { telegram: size === "long" ? 60 : 20 } }),
  async run({ cluster, size, talk, complain }) {
    const { random } = cluster;
    const [kills, partitions] = size === "long" ? [30, 10] : [3, 2];
    talk({ perSecond: 10 });
    const slowest = { kill: 0, partition: 0 };
    const succeed = async (kind: "kill" | "partition", old: Instance) => {
      const tookMs = await timeSuccessor(cluster, old);
      slowest[kind] = Math.max(slowest[kind], tookMs);
      if (tookMs > successorMs) complain(`after a ${kind} of ${old.process} its successor took ${tookMs} ms`);
    };
    for (let kill = 0; kill < kills; kill++) {
      await pauseFor(random.whole(200, 1_000));
      const leader = await findPoller(cluster);
      await leader.kill();
      await succeed("kill", leader);
      await leader.start();
    }
    for (let partition = 0; partition < partitions; partition++) {
      const leader = await findPoller(cluster);
      const ways = partition % 2 === 0 ? [leader.ways.postgres] : Object.values(leader.ways);
      const fromMs = Date.now();
      for (const way of ways) way.hang();
      await succeed("partition", leader);
      await pauseFor(3_000);
      for (const way of ways) way.pass();
      cluster.disturbances.push({ process: leader.process, fromMs, untilMs: Date.now() });
    }
    const took = `slowest successor ${seconds(slowest.kill)} and ${seconds(slowest.partition)}`;
    return `the poller killed ${kills} × and partitioned ${partitions} × (${took})`;
  },
  drainSeconds: () => 30,
};

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** Who says that it is connected, and is not only waiting to be. */
async function findPoller({ instances }: Cluster, not?: Instance): Promise<Instance> {
  return await until(
    async () => {
      const polling = await Promise.all(instances.map(async (one) => one !== not && (await polls(one))));
      return instances.find((_, index) => polling[index]);
    },
    "someone polls",
    60_000,
  );
}

async function timeSuccessor(cluster: Cluster, old: Instance): Promise<number> {
  const startedAtMs = performance.now();
  await findPoller(cluster, old);
  return Math.round(performance.now() - startedAtMs);
}

async function polls({ url }: Instance): Promise<boolean> {
  if (!url) return false;
  try {
    const answer = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(1_000) });
    const { channels } = (await answer.json()) as { channels?: Record<string, string> };
    return channels?.["telegram"] === "connected";
  } catch {
    return false;
  }
}
