import { pause } from "../../src/conversation/domain/pause.ts";
import type { Cluster } from "./cluster.ts";
import type { Place } from "./places.ts";

/** What people write, and what the AI answers: each text says where it belongs. */
export const question = (place: string, n: number) => `Question ${place}#${n}: how are you?`;

/** Most answers are short; each thirtieth takes several messages of a platform. */
export function answerTo(marker: string): string {
  const middle = hash(marker) % 30 === 0 ? longMiddle : ["I am well, and you are, too, as far as I can see."];
  return [`Answer to ${marker}.`, ...middle, `End of ${marker}.`].join("\n\n");
}

const longMiddle = Array.from({ length: 12 }, (_, line) => `Line ${line}: ${"words".repeat(80)}`);

function hash(text: string): number {
  return [...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7);
}

export type Talk = {
  /** Resolves when everything is written. */
  readonly ended: Promise<void>;
  /** Nobody begins another message. */
  stop(): void;
};

export type TalkOptions = {
  readonly perSecond: number;
  /** So many at that pace, whatever becomes of them; until it is stopped, if absent. */
  readonly messages?: number;
  /** Until it is stopped: so many for each place may wait to be answered before people write on. A slow machine hears fewer. */
  readonly waitingMax?: number;
};

/** Many people at once, in random places. A person writes on before the answer is there. */
export function talk(
  places: readonly Place[],
  { random }: Pick<Cluster, "random">,
  { messages = Infinity, perSecond, waitingMax = 5, waiting }: TalkOptions & { readonly waiting: () => number },
  signal: AbortSignal,
): Talk {
  const stopping = new AbortController();
  const ending = AbortSignal.any([signal, stopping.signal]);
  const queues = new Map<Place, Promise<void>>();
  const write = (place: Place) => {
    const begin = async () => {
      if (!ending.aborted) await place.write(question(place.name, ++place.written));
    };
    queues.set(place, (queues.get(place) ?? Promise.resolve()).then(begin));
  };
  const run = async () => {
    const room = () => (messages === Infinity ? waitingMax * places.length - waiting() : Infinity);
    let lastMs = performance.now();
    for (let written = 0, due = 1; written < messages && !ending.aborted;) {
      for (let now = Math.min(due, messages - written, room()); now >= 1; now--, written++) write(random.pick(places));
      await pause(20, ending);
      const nowMs = performance.now();
      due = (due % 1) + ((nowMs - lastMs) / 1_000) * perSecond;
      lastMs = nowMs;
    }
    await Promise.all(queues.values());
  };
  return { ended: run(), stop: () => stopping.abort() };
}
