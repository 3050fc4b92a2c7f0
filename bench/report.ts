import { cpus, totalmem } from "node:os";
import type { Figures } from "./measure.ts";
import type { System } from "./systems.ts";

export type Run = {
  readonly round: number;
  readonly system: System["name"];
  readonly aiDelayMs: number;
  readonly figures: Figures;
};

/** The figures for the README: the medians over the rounds as a table, the goals, and how busy the machine was. */
export function report(runs: readonly Run[], users: number): string {
  const rounds = new Set(runs.map(({ round }) => round)).size;
  return [
    `${users} users × 5 messages, 64 at once, by Telegram webhook; medians of ${rounds} round${rounds === 1 ? "" : "s"}. Every user got exactly one reply to each message, in order.`,
    "",
    ...table(runs),
    "",
    ...goals(runs),
    "",
    machine(runs),
  ].join("\n");
}

const head = [
  "AI answers after",
  "system",
  "replies/s",
  "acknowledged p50 / p99",
  "replied p50 / p99 / last",
  "CPU-s per 1,000",
  "PostgreSQL's CPU-s",
  "peak memory",
];

function table(runs: readonly Run[]): string[] {
  const rows = groups(runs).map((group) => {
    const middle = (name: keyof Figures) => median(group.runs.map(({ figures }) => figures[name]));
    return [
      `${group.aiDelayMs} ms`,
      group.system,
      write(middle("repliesPerSecond")),
      `${write(middle("acknowledgeP50Ms"))} / ${write(middle("acknowledgeP99Ms"), " ms")}`,
      `${write(middle("endToEndP50Ms"))} / ${write(middle("endToEndP99Ms"))} / ${write(middle("endToEndMaxMs"), " ms")}`,
      write(middle("cpuPer1000"), "", 2),
      write(middle("postgresCpuPer1000"), "", 2),
      write(middle("memoryMb"), " MB"),
    ];
  });
  return [head, head.map((_, index) => (index < 2 ? "---" : "---:")), ...rows].map((row) => `| ${row.join(" | ")} |`);
}

type Group = Pick<Run, "system" | "aiDelayMs"> & { readonly runs: readonly Run[] };

function groups(runs: readonly Run[]): readonly Group[] {
  return runs
    .filter(({ round }) => round === 1)
    .map(({ system, aiDelayMs }) => ({
      system,
      aiDelayMs,
      runs: runs.filter((run) => run.system === system && run.aiDelayMs === aiDelayMs),
    }));
}

/** The comparisons are made within each round, so that a busy machine weighs on both sides. */
function goals(runs: readonly Run[]): string[] {
  return groups(runs)
    .filter(({ system }) => system !== "bare bot")
    .map((group) => {
      const beside = (compare: (own: Figures, bare: Figures) => number) =>
        median(
          group.runs.map((run) => {
            const bare = runs.find(
              (other) => other.round === run.round && other.aiDelayMs === run.aiDelayMs && other.system === "bare bot",
            );
            return bare && compare(run.figures, bare.figures);
          }),
        );
      const middle = (name: keyof Figures) => median(group.runs.map(({ figures }) => figures[name]));
      const share = beside((own, bare) => (100 * own.repliesPerSecond) / bare.repliesPerSecond);
      const later = beside((own, bare) => own.endToEndP50Ms - bare.endToEndP50Ms);
      const speed =
        group.aiDelayMs === 0
          ? [
              goal((value) => value >= 160, middle("repliesPerSecond"), " replies/s (at least 160)"),
              goal((value) => value >= 40, share, " % of the bare bot's (at least 40)"),
            ]
          : [goal((value) => value <= 40, later, " ms after the bare bot at p50 (at most 40)")];
      const cost = [
        goal((value) => value <= 4, middle("cpuPer1000"), " CPU-s per 1,000 (at most 4)", 2),
        goal((value) => value <= 200, middle("memoryMb"), " MB (at most 200)"),
      ];
      return `- ${group.system}, AI after ${group.aiDelayMs} ms: ${[...speed, ...cost].join(", ")}`;
    });
}

function goal(isMet: (value: number) => boolean, value: number | undefined, words: string, digits = 0): string {
  if (value === undefined) return `? ${words.trim()}`;
  return `${isMet(value) ? "✓" : "✗"} ${write(value, words, digits)}`;
}

function machine(runs: readonly Run[]): string {
  const [cpu] = cpus();
  const most = (name: "otherCores" | "loadCores") => Math.max(...runs.map(({ figures }) => figures[name])).toFixed(1);
  const middle = (name: "otherCores" | "loadCores" | "loadAverage") =>
    median(runs.map(({ figures }) => figures[name]))?.toFixed(1);
  return [
    `On ${cpus().length} cores (${cpu?.model.trim()}), ${Math.round(totalmem() / 1e9)} GB, ${process.platform} ${process.arch}, Node ${process.version}, shared by the load, the doubles of Telegram and the AI, PostgreSQL and Redis.`,
    `Load average at the start of a run: ${middle("loadAverage")} (median). The load and the doubles kept ${middle("loadCores")} cores busy (median; at most ${most("loadCores")}), others on the machine ${middle("otherCores")} (at most ${most("otherCores")}).`,
  ].join(" ");
}

function median(values: readonly (number | undefined)[]): number | undefined {
  const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [below, above] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return below === undefined || above === undefined ? undefined : (below + above) / 2;
}

function write(value: number | undefined, unit = "", digits = 0): string {
  return value === undefined ? "–" : `${value.toFixed(digits)}${unit}`;
}
