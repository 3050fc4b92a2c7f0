import type { ChannelMessage } from "../../conversation/domain/message.ts";
import { pause } from "../../conversation/domain/pause.ts";
import { type DiscordAddress, findAddress } from "./discord-address.ts";
import type { DiscordRest, HistoryMessage } from "./discord-rest.ts";
import type { Arrived, Keeper } from "./keep-in-order.ts";
import { readError } from "./read-error.ts";

/**
 * Reads what was missed between two sessions, from the rooms that we know. Until a room is read, what arrives in it
 * live is held back, so that its order stays; other rooms go on.
 */
export type CatchUp = {
  /** Begins, or begins again when yet another session was lost. */
  begin(): void;
  /**
   * Holds an arrival back if its room is not read yet.
   *
   * @returns "free" when it may be kept at once, "full" when it was not taken
   */
  hold(arrived: Arrived): "held" | "free" | "full";
  /** Resolves when there is room for more to be held back. */
  room(): Promise<void>;
};

type Options = {
  readonly rest: DiscordRest;
  readonly keeper: Keeper;
  /** The newest kept message of each known room, the rooms that were active last first. */
  readonly newest: (roomsMax: number) => Promise<readonly ChannelMessage[]>;
  /** Whether a server's events come to this shard, or those outside of servers. */
  readonly isOurs: (guildId: string | undefined) => boolean;
  /** Makes an arrival of a message as the gateway would have brought it. */
  readonly arrive: (message: unknown) => Arrived;
  /** All that was missed is on disk. */
  readonly onDone: () => void;
  readonly report: (what: string, error: unknown) => void;
  readonly pauseMs: number;
};

/** A channel, and from where on it is to be read. */
type Missed = { readonly channelId: string; readonly guildId?: string; readonly after: string };

export function catchUpRooms(options: Options, signal: AbortSignal): CatchUp {
  const { keeper, onDone, pauseMs } = options;
  const held = new Map<string, Arrived[]>();
  let heldCount = 0;
  /** Until it is known which rooms are to be read, each could be one of them. */
  let unread: ReadonlySet<string> | "unknown" = new Set();
  let run = { ending: new AbortController(), done: Promise.resolve() };

  return {
    begin() {
      run.ending.abort();
      unread = "unknown";
      const ending = new AbortController();
      run = { ending, done: work(AbortSignal.any([signal, ending.signal])) };
    },
    hold(arrived) {
      const { channelId } = arrived;
      if (channelId === undefined || (unread !== "unknown" && !unread.has(channelId))) return "free";
      if (heldCount >= heldMax) return "full";
      heldCount += 1;
      held.set(channelId, [...(held.get(channelId) ?? []), arrived]);
      return "held";
    },
    room: async () => (heldCount < heldMax ? undefined : await run.done),
  };

  async function work(either: AbortSignal): Promise<void> {
    const missed = await findMissed(options, either);
    if (either.aborted) return;
    const left = new Set(missed.keys());
    unread = left;
    for (const channelId of held.keys()) if (!left.has(channelId)) letGo(channelId);
    await Promise.all(Array.from({ length: readersMax }, () => readRooms(missed, left, either)));
    await untilStored(keeper, either);
    if (!either.aborted) onDone();
  }

  async function readRooms(missed: Map<string, Missed>, left: Set<string>, either: AbortSignal): Promise<void> {
    for (let room = next(missed); room && !either.aborted; room = next(missed)) {
      missed.delete(room.channelId);
      await readRoom(room, options, either);
      if (either.aborted) return;
      left.delete(room.channelId);
      letGo(room.channelId);
      await pause(pauseMs, either);
    }
  }

  /** Where somebody is held back first. */
  function next(missed: ReadonlyMap<string, Missed>): Missed | undefined {
    for (const channelId of held.keys()) if (missed.has(channelId)) return missed.get(channelId);
    return missed.values().next().value;
  }

  function letGo(channelId: string): void {
    const arrivals = held.get(channelId) ?? [];
    held.delete(channelId);
    heldCount -= arrivals.length;
    for (const arrived of arrivals) keeper.add(arrived);
  }
}

async function findMissed({ newest, isOurs, report }: Options, signal: AbortSignal): Promise<Map<string, Missed>> {
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      const known = await newest(roomsMax + 1);
      if (known.length > roomsMax) report("reading what was missed in the rooms of Discord", tooMany);
      const rooms = known.slice(0, roomsMax).flatMap(missedSince);
      return byChannel(rooms.filter(({ guildId }) => isOurs(guildId)));
    } catch (error) {
      report("finding the rooms of Discord in which messages were missed", error);
      await pause(growing(failures), signal);
    }
  }
  return new Map();
}

/** Each once, in its first place, from the newest message on that is known of it. */
function byChannel(rooms: readonly Missed[]): Map<string, Missed> {
  const missed = new Map<string, Missed>();
  for (const room of rooms) {
    const known = missed.get(room.channelId);
    if (!known || BigInt(known.after) < BigInt(room.after)) missed.set(room.channelId, room);
  }
  return missed;
}

/**
 * Where a message may have been followed by others: in its channel, in the thread that it opened, in the channel from which its thread
 * was opened. Rooms that have no history for us are left out: other people's direct messages, in which a command was used.
 */
function missedSince({ id, audience, address: kept }: ChannelMessage): readonly Missed[] {
  const address = findAddress(kept);
  if (!address) return [];
  const { guildId } = address;
  if (audience === "group" && !guildId) return [];
  const after = /\d+/.exec(id)?.[0] ?? "0"; // "interaction:1", "edit:1:2"
  return placesOf(address, after).map((place) => ({ ...place, ...(guildId && { guildId }) }));
}

function placesOf(address: DiscordAddress, after: string): readonly Pick<Missed, "channelId" | "after">[] {
  const { channelId } = address;
  const here = { channelId, after };
  if (address.kind !== "message") return [here];
  if (address.opensThread) return [here, { channelId: address.messageId, after }];
  return address.parentId ? [here, { channelId: address.parentId, after: channelId }] : [here];
}

/** In their order, page by page, as far as the limit goes. A room that lets nobody read is passed over. */
async function readRoom(
  missed: Missed,
  { rest, keeper, arrive, report, pauseMs }: Options,
  signal: AbortSignal,
): Promise<void> {
  let { after } = missed;
  for (let [page, failures] = [0, 0]; page < pagesMax && !signal.aborted;) {
    try {
      const messages = await rest.history(missed.channelId, { after, limit: pageLength }, signal);
      if (signal.aborted) return;
      for (const message of messages) keepMissed(message, missed, { keeper, arrive });
      if (messages.length < pageLength) return;
      after = messages.at(-1)?.id ?? after;
      page += 1;
      await keeper.room();
      await pause(pauseMs, signal);
    } catch (error) {
      const refusal = readError(error);
      if (!refusal.retryable) return;
      if (refusal.retryAfterMs === 0) report("reading what was missed in a room of Discord", refusal);
      await pause(Math.max(refusal.retryAfterMs, growing(failures++)), signal);
    }
  }
  if (!signal.aborted)
    report("reading what was missed in a room of Discord", new Error(`more than ${pagesMax * pageLength} messages`));
}

/** The history tells neither the server nor the kind of a room: the gateway would have. */
function keepMissed(
  message: HistoryMessage,
  { guildId }: Missed,
  { keeper, arrive }: Pick<Options, "keeper" | "arrive">,
): void {
  keeper.add(arrive({ ...message, ...(guildId ? { guild_id: guildId } : { channel_type: directChannel }) }));
}

/** The keeper keeps in order: when this one is through, so is what came before. */
async function untilStored(keeper: Keeper, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
    if (signal.aborted) return resolve();
    keeper.add({ read: async () => undefined, settled: resolve });
  });
}

function growing(failures: number): number {
  return Math.min(retryMs * 2 ** Math.min(failures, 10), retryMsMax);
}

/** Beyond this the connection is closed, and resumed when the rooms are read. */
const heldMax = 5_000;
/** At fifty calls a second for the whole bot they take a minute. */
const roomsMax = 1_000;
const tooMany = new Error(`more than ${roomsMax} rooms: those that were active last are read`);
const readersMax = 4;
const pageLength = 100;
const pagesMax = 20;
const retryMs = 500;
const retryMsMax = 30_000;
const directChannel = 1;
