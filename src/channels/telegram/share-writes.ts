import { LRUCache } from "lru-cache";
import { z } from "zod";
import type { Wire } from "../../conversation/ports/wire.ts";

/** How often the bot has written to its groups, whichever instance did. */
export type GroupWrites = {
  /** A message was sent or edited. The other instances are told, as far as they can be reached. */
  note(chatId: number): void;
  /** How many were within the last minute; of many, only the newest are known. */
  lastMinute(chatId: number): number;
};

/**
 * Counts what all instances of one bot write to a group: Telegram counts it together. A count that gets lost costs a refused draft.
 *
 * @param bot names it among all that use the same wire
 */
export function shareWrites(wire: Wire, bot: string, signal: AbortSignal): GroupWrites {
  const topic = `writes ${bot}`;
  const written = new LRUCache<number, readonly number[]>({ max: groupsMax });
  const recent = (chatId: number) => {
    const sinceMs = performance.now() - minuteMs;
    return (written.get(chatId) ?? []).filter((atMs) => atMs > sinceMs);
  };

  // What is sent here is heard here too, at once.
  wire.hear(
    topic,
    (hint) => {
      const { data } = writeHint.safeParse(hint);
      if (data) written.set(data.chatId, [...recent(data.chatId), performance.now()].slice(-writesMax));
    },
    signal,
  );

  return {
    note: (chatId) => wire.send(topic, { chatId }),
    lastMinute: (chatId) => recent(chatId).length,
  };
}

const groupsMax = 1_000;
const minuteMs = 60_000;
/** What a group takes in a minute. */
const writesMax = 20;
const writeHint = z.object({ chatId: z.int() });
