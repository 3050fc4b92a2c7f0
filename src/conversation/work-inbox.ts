import { answerMessage } from "./answer-message.ts";
import { failpoint } from "./domain/failpoint.ts";
import type { Json } from "./domain/json.ts";
import { pause } from "./domain/pause.ts";
import type { Turn } from "./domain/turn.ts";
import { type HeldTurn, type HeldTurns, holdTurns } from "./hold-turns.ts";
import type { Gateway } from "./ports/gateway.ts";
import type { Claim } from "./ports/inbox.ts";
import { settlePoison, settleShut, settleTurn } from "./settle-turn.ts";

/** When the work is to end: `taking` ends the claiming, `holding` hands the running turns back. */
export type WorkSignals = { readonly taking: AbortSignal; readonly holding: AbortSignal };

/**
 * Claims turns, sees each through, and again; up to `turnsAtOnceMax` at a time, never two of one room, and alone one whose next crash
 * would be its last. Resolves when `taking` has aborted and no turn is in hand any more.
 */
export async function workInbox(gateway: Gateway, { taking, holding }: WorkSignals): Promise<void> {
  const { inbox, wire, journal, limits } = gateway;
  const held = holdTurns(gateway, holding);
  /** By turn. */
  const working = new Map<string, Promise<void>>();
  const claim = claimer(gateway, held);
  const bell = newBell();
  wire.hear("work", ringWhenDue(bell, taking), taking);
  const sweeping = sweep(gateway, bell, taking);

  const work = async (claim: Claim, claimedAtMs: number, before: Promise<unknown> | undefined) => {
    const turn = held.take(claim, claimedAtMs);
    try {
      await before;
      if (await seeThrough(turn, claim, gateway)) bell.ring();
    } finally {
      held.release(turn);
    }
  };
  /** Where others took us for dead, an earlier attempt of ours may be in hand still: what it has sent is known when it has ended. */
  const begin = (claim: Claim, claimedAtMs: number, before: Promise<unknown> | undefined) => {
    const { id } = claim.turn;
    const task = work(claim, claimedAtMs, before).catch((error: unknown) => journal.failed("ending a turn", error));
    working.set(id, task);
    void task.finally(() => {
      if (working.get(id) === task) working.delete(id);
      // Whoever waits for a free slot, waits for this.
      if (working.size === limits.turnsAtOnceMax - 1) bell.ring();
    });
    return task;
  };
  const isSuspect = ({ crashes }: Claim) => crashes === limits.crashesMax - 1;
  /** So that the next death tells whose doing it is, and costs nobody else their answer. The others of its kind are for later. */
  const seeAlone = async (suspect: Claim, claimedAtMs: number) => {
    const task = begin(suspect, claimedAtMs, Promise.all(working.values()));
    await inbox.freeForgotten(held.turns()).catch((error: unknown) => journal.failed("leaving turns for later", error));
    await task;
    bell.ring();
  };

  while (!taking.aborted) {
    const free = limits.turnsAtOnceMax - working.size;
    const claimedAtMs = performance.now();
    const claims = free > 0 ? await claim(free) : [];
    for (const { turn } of claims) failpoint("claimed", turn.message);
    for (const one of claims) if (!isSuspect(one)) void begin(one, claimedAtMs, working.get(one.turn.id));
    const suspect = claims.find(isSuspect);
    if (suspect) await seeAlone(suspect, claimedAtMs);
    else if (claims.length < free || free === 0) await bell.wait(taking);
  }
  await Promise.all(working.values());
  await sweeping;
  held.end();
}

/** @returns whether the room has another turn waiting */
async function seeThrough(held: HeldTurn, { crashes, shut }: Claim, gateway: Gateway): Promise<boolean> {
  try {
    if (shut !== undefined && !hasWayIn(held.turn, gateway)) return await settleShut(held, shut, gateway);
    if (crashes >= gateway.limits.crashesMax) return await settlePoison(held, crashes, gateway);
    return await answerMessage(held, gateway);
  } catch (error) {
    return await settleTurn(held, error, gateway);
  }
}

function hasWayIn(turn: Turn, { channels }: Gateway): boolean {
  return channels.get(turn.message.channel)?.opensRoom?.(turn) ?? false;
}

/**
 * Claims while others can see whose it then is. A claim that failed may have been made all the same, so what it took is freed before
 * the next one. When the database was away for long, leases have run out whose holders live and have answers in hand: these are given
 * the time to renew them.
 */
function claimer({ inbox, presence, journal, limits }: Gateway, held: Pick<HeldTurns, "turns" | "renew">) {
  let awaySinceMs: number | undefined;
  let waitsUntilMs = 0;
  return async (roomsMax: number): Promise<readonly Claim[]> => {
    if (presence.sinceMs() === Infinity) {
      awaySinceMs ??= performance.now();
      return [];
    }
    try {
      if (awaySinceMs !== undefined) {
        await inbox.freeForgotten(held.turns());
        await held.renew();
        const nowMs = performance.now();
        if (nowMs - awaySinceMs > limits.leaseMs / 2) waitsUntilMs = nowMs + limits.renewFirstMs;
        awaySinceMs = undefined;
      }
      const whose = performance.now() < waitsUntilMs ? "nobody's" : "anyone's";
      return await inbox.claim(roomsMax, limits.leaseMs, whose);
    } catch (error) {
      awaySinceMs ??= performance.now();
      journal.failed("claiming turns", error);
      return [];
    }
  };
}

/** Finds what a lost hint, a pause that is over, or a dead instance left behind. */
async function sweep({ inbox, journal, limits }: Gateway, bell: Bell, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await inbox.freeAbandoned().catch((error: unknown) => journal.failed("freeing what dead instances held", error));
    bell.ring();
    await pause(limits.sweepMs, signal);
  }
}

/**
 * Work that is due later, because a message waits for its neighbours, says in how many milliseconds. However much there is, no more
 * timers run than `soonMs` has grains; what is due later still, the sweep finds.
 */
function ringWhenDue(bell: Bell, signal: AbortSignal): (inMs: Json) => void {
  const grainsAhead = new Set<number>();
  return (inMs) => {
    if (typeof inMs !== "number" || inMs <= 0) return bell.ring();
    const nowMs = performance.now();
    const grain = Math.ceil((nowMs + inMs) / grainMs);
    if (inMs > soonMs || grainsAhead.has(grain)) return;
    grainsAhead.add(grain);
    void pause(grain * grainMs - nowMs, signal).then(() => {
      grainsAhead.delete(grain);
      bell.ring();
    });
  };
}

const soonMs = 5_000;
const grainMs = 50;

type Bell = { ring(): void; wait(signal: AbortSignal): Promise<void> };

/** Remembers a ring that nobody waited for. */
function newBell(): Bell {
  let rung = false;
  let wake = () => {};
  return {
    ring() {
      rung = true;
      wake();
    },
    async wait(signal) {
      if (!rung && !signal.aborted)
        await new Promise<void>((resolve) => {
          wake = resolve;
          signal.addEventListener("abort", wake, { once: true });
        }).finally(() => signal.removeEventListener("abort", wake));
      rung = false;
    },
  };
}
