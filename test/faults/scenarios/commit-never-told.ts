import { until } from "../../until.ts";
import type { Cluster } from "../cluster.ts";
import type { Scenario } from "../scenario.ts";

/** Statements that change something: each of them must bear being done without its sender knowing. */
const statements = [
  "keep-question",
  "commit", // of several messages that were polled at once
  "claim",
  "record-messages",
  "shown",
  "answered-by-model",
  "delivered",
  "renew",
  "put-back",
];
const waitMs = 60_000;

/** The connection to PostgreSQL breaks after a COMMIT, before its answer arrives. */
export const commitNeverTold: Scenario = {
  name: "commit-never-told",
  setting: (size) => ({
    telegram: "polling",
    tokenMs: 60,
    places: size === "long" ? { telegram: 90, web: 10 } : { telegram: 27, web: 3 },
  }),
  async run({ cluster, size, talk, complain }) {
    const { telegram, seed } = cluster;
    const rounds = size === "long" ? 5 : 1;
    const lost = new Map<string, number>();
    talk({ perSecond: 40 });
    for (let round = 0; round < rounds; round++)
      for (const name of statements) {
        if (name === "put-back") telegram.chaos({ seed, status429: 0.3, methods: ["sendMessage"] });
        const isLost = await loseNextAnswer(cluster, name);
        telegram.chaos(undefined);
        if (isLost) lost.set(name, (lost.get(name) ?? 0) + 1);
        else complain(`no answer to ${name} was lost within ${waitMs} ms`);
      }
    const count = [...lost.values()].reduce((sum, number) => sum + number, 0);
    const told = [...lost].map(([name, number]) => `${name} ${number}`).join(", ");
    return `${count} × COMMIT done, never told (${told})`;
  },
  drainSeconds: () => 60,
};

/** Of whichever instance sends it first. */
async function loseNextAnswer({ instances }: Cluster, name: string): Promise<boolean> {
  let isFound = false;
  let isLost = false;
  const isIt = (request: Buffer) => {
    if (isFound || !request.includes(`\0${name}\0`) || !request.includes("S\0\0\0\u0004", -5)) return false;
    isFound = true;
    return true;
  };
  for (const { ways } of instances) void ways.postgres.loseAnswer(isIt).then(() => (isLost = true));
  await until(() => isLost, `the answer to ${name} is lost`, waitMs).catch(() => {});
  return isLost;
}
