import { until } from "../../until.ts";
import type { Scenario } from "../scenario.ts";

/** Statements that change something: each of them must bear being done without its sender knowing. */
const statements = [
  "keep-question",
  "claim",
  "record-messages",
  "shown",
  "answered-by-model",
  "delivered",
  "renew",
  "put-back",
];
const rare = new Set(["shown", "renew", "put-back"]);
const waitMs = 20_000;

/** The connection to PostgreSQL breaks after a COMMIT, before its answer arrives. */
export const commitNeverTold: Scenario = {
  name: "commit-never-told",
  setting: (size) => ({
    telegram: "webhook",
    tokenMs: 60,
    places: size === "long" ? { telegram: 90, web: 10 } : { telegram: 27, web: 3 },
  }),
  async run({ cluster: { instances, random }, size, talk }) {
    const times = size === "long" ? 20 : 8;
    const frequent = statements.filter((name) => !rare.has(name));
    const lost = new Map<string, number>();
    talk({ perSecond: 40 });
    let count = 0;
    while (count < times) {
      const name = random.pick(size === "long" ? statements : frequent);
      const { ways } = random.pick(instances);
      const isIt = (request: Buffer) => request.includes(`\0${name}\0`) && request.includes("S\0\0\0\u0004", -5);
      let isLost = false;
      void ways.postgres.loseAnswer(isIt).then(() => (isLost = true));
      await until(() => isLost, `the answer to ${name} is lost`, waitMs).catch(() => {}); // a rare one
      if (!isLost) continue;
      lost.set(name, (lost.get(name) ?? 0) + 1);
      count += 1;
    }
    const told = [...lost].map(([name, number]) => `${name} ${number}`).join(", ");
    return `${count} × COMMIT done, never told (${told})`;
  },
  drainSeconds: () => 60,
};
