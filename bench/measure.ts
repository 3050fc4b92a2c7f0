import { loadavg } from "node:os";
import type { AiDouble } from "../test/doubles/ai-double.ts";
import type { TelegramDouble } from "../test/doubles/telegram-double.ts";
import { openStage } from "./open-stage.ts";
import { percentile } from "./percentile.ts";
import { cpuSeconds, machineCpuSeconds, peakMemoryMb, postgresCpuSeconds } from "./processes.ts";
import { endOf } from "./questions.ts";
import type { RunningSystem, System } from "./systems.ts";
import { type Crowd, talk } from "./talk.ts";

export type Task = {
  readonly system: System;
  /** How long the AI takes to its first token. */
  readonly aiDelayMs: number;
  readonly users: number;
  readonly nodeFlags: readonly string[];
};

/** CPU and memory are undefined where the machine does not tell. */
export type Figures = {
  readonly repliesPerSecond: number;
  readonly acknowledgeP50Ms: number;
  readonly acknowledgeP99Ms: number;
  readonly endToEndP50Ms: number;
  readonly endToEndP99Ms: number;
  readonly endToEndMaxMs: number;
  /** Of the program's own process, in seconds for 1,000 messages. */
  readonly cpuPer1000: number | undefined;
  readonly postgresCpuPer1000: number | undefined;
  readonly memoryMb: number | undefined;
  /** Cores that the load and the doubles, which are this process, kept busy. */
  readonly loadCores: number;
  /** Cores that others on the machine kept busy meanwhile. */
  readonly otherCores: number;
  readonly loadAverage: number;
};

const messagesEach = 5;
const atOnce = 64;
const warmUp: Crowd = { people: range(1, 100), messagesEach: 1, atOnce, startOverMs: 0 };

/**
 * Starts a system on its own, warms it up, lets the users talk to it, and stops it.
 *
 * @throws Error when a user did not get exactly one reply to each message, in order
 */
export async function measure({ system, aiDelayMs, users, nodeFlags }: Task): Promise<Figures> {
  // People do not speak in chorus. All at one moment, with an AI of one delay, would stay one burst for ever.
  const crowd: Crowd = { people: range(1_001, users), messagesEach, atOnce, startOverMs: aiDelayMs };
  const stage = await openStage({ system, aiDelayMs, chats: [...warmUp.people, ...crowd.people], nodeFlags });
  const { ai, telegram, running, listener } = stage;
  try {
    await talk(warmUp, listener, telegram);
    const spent = startCounting(running);
    const talked = await talk(crowd, listener, telegram);
    const used = spent(talked.endToEndMs.length);
    await running.stop(); // before we look: what comes late, such as a second answer, has then come
    verify([warmUp, crowd], ai, telegram);
    return { ...used, ...summarise(talked) };
  } finally {
    await stage.close();
  }
}

function startCounting({ pid, postgresDir }: RunningSystem) {
  const read = () => ({
    atMs: performance.now(),
    program: cpuSeconds(pid),
    postgres: postgresDir === undefined ? undefined : postgresCpuSeconds(postgresDir),
    own: process.cpuUsage(),
    machine: machineCpuSeconds(),
  });
  const before = read();
  const loadAverage = loadavg()[0] ?? 0;
  return (messages: number) => {
    const after = read();
    const seconds = (after.atMs - before.atMs) / 1_000;
    const program = difference(after.program, before.program);
    const postgres = difference(after.postgres, before.postgres);
    const own = (after.own.user + after.own.system - before.own.user - before.own.system) / 1e6;
    const others = after.machine - before.machine - own - (program ?? 0) - (postgres ?? 0);
    return {
      cpuPer1000: program && (program * 1_000) / messages,
      postgresCpuPer1000: postgres && (postgres * 1_000) / messages,
      memoryMb: peakMemoryMb(pid),
      loadCores: own / seconds,
      otherCores: Math.max(0, others / seconds),
      loadAverage,
    };
  };
}

function difference(after: number | undefined, before: number | undefined): number | undefined {
  return after === undefined || before === undefined ? undefined : after - before;
}

/** Each room as its person sees it: one whole reply to each message, in the order of the messages, and nothing else. */
function verify(crowds: readonly Crowd[], ai: AiDouble, telegram: TelegramDouble): void {
  const mistakes: string[] = [...ai.unknownRequests, ...telegram.unknownRequests];
  for (const { people, messagesEach } of crowds)
    for (const person of people) {
      const expected = range(1, messagesEach).map((number) => `${person}/${number}`);
      const seen = telegram.transcript(person).map(({ text }) => endOf(text) ?? `"${text}"`);
      if (seen.join() !== expected.join())
        mistakes.push(`person ${person} saw ${seen.join(", ") || "nothing"} instead of ${expected.join(", ")}`);
    }
  const messages = crowds.reduce((sum, { people, messagesEach }) => sum + people.length * messagesEach, 0);
  if (ai.requestCount !== messages) mistakes.push(`the AI was asked ${ai.requestCount} times for ${messages} messages`);
  if (mistakes.length > 0) throw new Error(`The replies are wrong:\n  ${mistakes.slice(0, 20).join("\n  ")}`);
}

function summarise({ durationMs, acknowledgeMs, endToEndMs }: Awaited<ReturnType<typeof talk>>) {
  return {
    repliesPerSecond: (endToEndMs.length * 1_000) / durationMs,
    acknowledgeP50Ms: percentile(acknowledgeMs, 0.5),
    acknowledgeP99Ms: percentile(acknowledgeMs, 0.99),
    endToEndP50Ms: percentile(endToEndMs, 0.5),
    endToEndP99Ms: percentile(endToEndMs, 0.99),
    endToEndMaxMs: percentile(endToEndMs, 1),
  };
}

function range(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}
