import { LRUCache } from "lru-cache";
import { z } from "zod";
import type { Wire } from "../conversation/ports/wire.ts";

/** What a platform wants left alone for a while. A lane is what the channel says it is: a chat, a route, the whole bot. */
export type Pauses = {
  /** The platform wants the lane left alone for so long. The other instances are told too, as far as they can be reached. */
  begin(lane: string, ms: number): void;
  /** How much of its pause is left; 0 when there is none. */
  leftMs(lane: string): number;
  /** Calls `listener` each time a pause of the lane begins, or is prolonged, whoever learnt of it. */
  watch(lane: string, listener: (ms: number) => void): void;
};

/**
 * Carries pauses between the instances of one bot. They travel as durations, since clocks differ, and may get lost: who does not
 * hear of one learns it from the platform.
 *
 * @param bot names it among all that use the same wire
 */
export function sharePauses(wire: Wire, bot: string, signal: AbortSignal): Pauses {
  const topic = `pause ${bot}`;
  const untilMs = new LRUCache<string, number>({ max: lanesMax });
  const listeners = new Map<string, (ms: number) => void>();
  const leftMs = (lane: string) => Math.max(0, (untilMs.get(lane) ?? 0) - performance.now());

  // What is sent here is heard here too, at once.
  wire.hear(
    topic,
    (hint) => {
      const { data } = pauseHint.safeParse(hint);
      if (!data || data.ms <= leftMs(data.lane)) return;
      untilMs.set(data.lane, performance.now() + data.ms);
      listeners.get(data.lane)?.(data.ms);
    },
    signal,
  );

  return {
    begin: (lane, ms) => wire.send(topic, { lane, ms: Math.min(Math.ceil(ms), pauseMsMax) }),
    leftMs,
    watch: (lane, listener) => void listeners.set(lane, listener),
  };
}

const lanesMax = 10_000;
/** Whoever is to wait longer is told so again. */
const pauseMsMax = 24 * 60 * 60_000;
const pauseHint = z.object({ lane: z.string().max(300), ms: z.number().positive().max(pauseMsMax) });
