import { setTimeout as pause } from "node:timers/promises";
import { GatewayError } from "../../conversation/domain/errors.ts";
import type { ChannelMessage } from "../../conversation/domain/message.ts";
import type { Accept, Receipt } from "../../conversation/ports/channel.ts";

/** Something that arrived: with a message for the assistant, or with none. */
export type Arrived = {
  /**
   * Reads the message, when all that came before it is on disk or on its way there; undefined when there is none. Asked again after
   * it failed.
   *
   * @throws StoreError, or ChannelError when the platform does not tell what has to be known
   */
  readonly read: () => Promise<ChannelMessage | undefined>;
  /** Where it was written; absent when its order does not matter. */
  readonly channelId?: string;
  /** Called at once when it has found a place; it waits from now on. */
  readonly taken?: () => void;
  /** Called in the order of arrival, once it is on disk or nothing has to be kept. Only now it may be acknowledged. */
  readonly settled: () => void;
  /** What became of its message; undefined when it could not be kept and never will be. */
  readonly received?: (receipt: Receipt | undefined) => void;
};

export type Keeper = {
  /** @returns false when too much is waiting: it was not taken, and nothing after it may be given until `room` resolves */
  take(arrived: Arrived): boolean;
  /** As `take`, for what has its limit elsewhere. */
  add(arrived: Arrived): void;
  /** Resolves when half of the places are free again, or `signal` aborted. */
  room(): Promise<void>;
  /** Resolves when nothing is being written any more. What then still waits was not settled. */
  rest(): Promise<void>;
};

/**
 * Keeps what arrives, in its order. While the store is away, or the platform, it tries again with growing pauses, and what
 * arrives meanwhile waits, up to a limit.
 */
export function keepInOrder(
  accept: Accept,
  report: (what: string, error: unknown) => void,
  signal: AbortSignal,
): Keeper {
  const waiting: Arrived[] = [];
  const roomSeekers = new Set<() => void>();
  let working: Promise<void> | undefined;
  signal.addEventListener("abort", letIn, { once: true });

  return {
    take(arrived) {
      if (waiting.length >= waitingMax) return false;
      add(arrived);
      return true;
    },
    add,
    async room() {
      if (waiting.length <= waitingMax / 2 || signal.aborted) return;
      await new Promise<void>((resolve) => roomSeekers.add(resolve));
    },
    async rest() {
      await working;
    },
  };

  function add(arrived: Arrived): void {
    waiting.push(arrived);
    working ??= work().finally(() => (working = undefined));
  }

  async function work(): Promise<void> {
    let failures = 0;
    let batchMax = batchLengthMax;
    while (waiting.length > 0 && !signal.aborted) {
      const batch = waiting.slice(0, batchMax);
      const outcome = await keep(batch);
      if (outcome === "away") {
        await pause(Math.min(pauseMs * 2 ** failures++, pauseMsMax), undefined, { signal }).catch(() => {});
        continue;
      }
      failures = 0;
      // One of them cannot be kept, for a reason that time does not mend: find it, so that only that one is lost.
      batchMax = outcome === "broken" && batch.length > 1 ? 1 : batchLengthMax;
      if (outcome === "broken" && batch.length > 1) continue;
      waiting.splice(0, batch.length);
      for (const { settled } of batch) settled();
      if (waiting.length <= waitingMax / 2) letIn();
    }
  }

  async function keep(batch: readonly Arrived[]): Promise<"kept" | "away" | "broken"> {
    try {
      const read = await readAll(batch);
      const withMessage = read.flatMap(({ arrived, message }) => (message ? [{ arrived, message }] : []));
      const receipts = withMessage.length > 0 ? await accept(withMessage.map(({ message }) => message)) : [];
      for (const [index, { arrived }] of withMessage.entries()) arrived.received?.(receipts[index]);
      return "kept";
    } catch (error) {
      report("keeping what arrived from Discord", error);
      if (error instanceof GatewayError && error.retryable) return "away";
      if (batch.length === 1) batch[0]?.received?.(undefined);
      return "broken";
    }
  }

  function letIn(): void {
    for (const resolve of roomSeekers) resolve();
    roomSeekers.clear();
  }
}

type Read = { readonly arrived: Arrived; readonly message: ChannelMessage | undefined };

/** One after the other within a channel: an edit finds the message that came just before it. */
async function readAll(batch: readonly Arrived[]): Promise<readonly Read[]> {
  const lastOf = new Map<string, Promise<Read>>();
  const reading = batch.map((arrived) => {
    const { channelId } = arrived;
    const before = channelId === undefined ? undefined : lastOf.get(channelId);
    const read = readAfter(before, arrived);
    if (channelId !== undefined) lastOf.set(channelId, read);
    return read;
  });
  return await Promise.all(reading);
}

async function readAfter(before: Promise<Read> | undefined, arrived: Arrived): Promise<Read> {
  await before;
  return { arrived, message: await arrived.read() };
}

/** Beyond this the connection is closed, and resumed later: Discord keeps what is missed for some minutes. */
const waitingMax = 2_000;
const batchLengthMax = 100;
const pauseMs = 250;
const pauseMsMax = 15_000;
