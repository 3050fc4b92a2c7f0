import { audit, type Findings } from "./audit.ts";
import { type Cluster, type ClusterOptions, openCluster } from "./cluster.ts";
import { openPlaces, type Place, type PlacesOptions } from "./places.ts";
import { type Talk, type TalkOptions, talk } from "./talk.ts";
import { type AiWatch, watchAi } from "./watch-ai.ts";

export type Size = "short" | "long";

/** What a scenario has to do with. */
export type Stage = {
  readonly cluster: Cluster;
  readonly places: readonly Place[];
  readonly watch: AiWatch;
  readonly size: Size;
  /** People who write; until the last fault, if it is not said how much. */
  talk(options: TalkOptions): Talk;
  /** Something that does not hold. */
  complain(what: string): void;
};

/** One way to hurt the program, and what it must bear. */
export type Scenario = {
  /** For `--only`. */
  readonly name: string;
  readonly setting: (size: Size) => Omit<ClusterOptions, "seed"> & { readonly places: PlacesOptions };
  /** Hurts it; resolves after the last fault, and with it people stop to write. Says what was done, with figures. */
  readonly run: (stage: Stage) => Promise<string>;
  /** How long after that everything must be answered. */
  readonly drainSeconds: (size: Size) => number;
};

export type Outcome = Findings & {
  readonly scenario: string;
  readonly size: Size;
  readonly seed: number;
  readonly did: string;
  /** From the last fault to the last answer; Infinity when there was none in time. */
  readonly drainedSeconds: number;
  readonly tookSeconds: number;
};

/** Runs it once and audits it. */
export async function play(scenario: Scenario, size: Size, seed: number): Promise<Outcome> {
  const startedAtMs = performance.now();
  const { places: many, ...options } = scenario.setting(size);
  const cluster = await openCluster({ ...options, seed });
  const ending = new AbortController();
  const complaints: string[] = [];
  const talks: Talk[] = [];
  try {
    const places = await openPlaces(cluster, many);
    const watch = watchAi(cluster, places);
    const waiting = () => places.reduce((sum, { written }) => sum + written, -watch.asked.size);
    const did = await scenario.run({
      cluster,
      places,
      watch,
      size,
      talk(options) {
        const talking = talk(places, cluster, { ...options, waiting }, ending.signal);
        talks.push(talking);
        return talking;
      },
      complain: (what) => complaints.push(what),
    });
    const lastFaultAtMs = performance.now();
    for (const talking of talks) talking.stop();
    await Promise.all(talks.map(({ ended }) => ended));
    const drainedSeconds = await drain(cluster, places, {
      fromMs: lastFaultAtMs,
      seconds: scenario.drainSeconds(size),
    });
    const findings = await audit(cluster, places, watch);
    complaints.push(...cluster.instances.flatMap(({ deaths }) => deaths));
    if (!Number.isFinite(drainedSeconds)) complaints.push(`it was not drained within ${scenario.drainSeconds(size)} s`);
    const violations = [...complaints, ...findings.violations];
    const tookSeconds = (performance.now() - startedAtMs) / 1_000;
    return { ...findings, violations, scenario: scenario.name, size, seed, did, drainedSeconds, tookSeconds };
  } catch (error) {
    const outputs = cluster.instances.map((one) => `── ${one.name}\n${one.output().slice(-3_000)}`);
    throw new Error(`${scenario.name} --seed ${seed}: ${String(error)}\n${outputs.join("\n")}`, { cause: error });
  } finally {
    ending.abort();
    await cluster.close();
  }
}

const pollMs = 100;
/** A message that was not answered in time is looked at for this much longer, to tell late from never. */
const graceFactor = 1.5;

type Drain = { readonly fromMs: number; readonly seconds: number };

/** How many seconds from then until every message is at its end, and each platform has been told. */
async function drain(cluster: Cluster, places: readonly Place[], { fromMs, seconds }: Drain): Promise<number> {
  const written = places.reduce((sum, place) => sum + place.written, 0);
  const passed = () => (performance.now() - fromMs) / 1_000;
  while (passed() < seconds * graceFactor) {
    if (await isAtRest(cluster, written)) {
      const took = passed();
      await untilShown(cluster, places);
      return took <= seconds ? took : Infinity;
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  return Infinity;
}

async function isAtRest({ query, telegram }: Cluster, written: number): Promise<boolean> {
  if (telegram.pendingUpdates > 0) return false;
  const [row] = await query<{ ended: number; left: number; due: number }>(
    `select count(*) filter (where state in ('delivered', 'parked', 'refused'))::integer as ended,
            count(*) filter (where state in ('waiting', 'answered'))::integer as left,
            (select count(*)::integer from rooms where due_at < 'infinity') as due from turns`,
  ).catch(() => []);
  return row !== undefined && row.left === 0 && row.due === 0 && row.ended >= written;
}

/** Pages learn of their answers a moment later, by the stream. */
async function untilShown({ query }: Cluster, places: readonly Place[]): Promise<void> {
  const [row] = await query<{ count: number }>(
    `select count(*)::integer as count from turns join rooms on rooms.id = turns.room_id where rooms.channel = 'web' and state = 'delivered'`,
  );
  const endsAtMs = performance.now() + 10_000;
  const pages = places.filter(({ channel }) => channel === "web");
  const seen = () => pages.reduce((sum, page) => sum + page.shown().length, 0);
  while (seen() < (row?.count ?? 0) && performance.now() < endsAtMs)
    await new Promise((resolve) => setTimeout(resolve, pollMs));
}
