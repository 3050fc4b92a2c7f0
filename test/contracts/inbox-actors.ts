import * as fc from "fast-check";
import { LeaseLostError } from "../../src/conversation/domain/errors.ts";
import type { FinalReply } from "../../src/conversation/domain/reply.ts";
import type { Turn } from "../../src/conversation/domain/turn.ts";
import type { Arrival } from "../../src/conversation/ports/inbox.ts";
import { message } from "../messages.ts";
import type { InboxWorld } from "./inbox-world.ts";

// People who write, workers who answer, and faults, all at once on one inbox.

/** Lets a call begin when its turn has come, in an order that a seed decides. */
export type Call = <T>(run: () => Promise<T>) => Promise<T>;

export const roomNames = ["a", "b", "c"];
const leaseMs = 600_000;
const reply: FinalReply = { text: "the answer", end: "complete" };

const letter = fc.record({
  room: fc.constantFrom(...roomNames),
  key: fc.nat(9),
  kind: fc.constantFrom("question", "question", "question", "stop", "refusal"),
});
const job = fc.record({
  roomsMax: fc.integer({ min: 1, max: 3 }),
  end: fc.constantFrom("deliver", "deliver", "deliver", "put back", "park", "shut", "vanish", "repeat"),
});
const fault = fc.constantFrom("lease over in a", "lease over in b", "lease over in c", "free abandoned", "die");

/** Who does what; the same letter may be written by several. */
export const scripts = fc.record({
  writers: fc.array(fc.array(letter, { minLength: 1, maxLength: 8 }), { minLength: 2, maxLength: 4 }),
  workers: fc.array(fc.array(job, { minLength: 1, maxLength: 8 }), { minLength: 2, maxLength: 4 }),
  faults: fc.array(fault, { maxLength: 6 }),
});
export type Letter = { readonly room: string; readonly key: number; readonly kind: string };
export type Job = { readonly roomsMax: number; readonly end: string };

/** What was seen from outside. */
export type Observed = {
  /** How often each message was said to be new. */
  readonly news: Map<string, number>;
  /** What must not be: two holders at a time, a write of one who had lost its lease. */
  readonly violations: string[];
  readonly leases: Set<string>;
  /** The newest attempt at each turn that any worker knows of. */
  readonly newest: Map<string, number>;
};

export type Scene = { readonly world: InboxWorld; readonly call: Call; readonly observed: Observed };

export async function write(letters: readonly Letter[], { world, call, observed: { news } }: Scene): Promise<void> {
  for (const { room, key, kind } of letters) {
    const arriving = message({ room, id: `m${key}` });
    const [kept] = await call(() => world.inboxAt(0).keep([toArrival(kind, arriving)]));
    const name = `${room}/m${key}`;
    news.set(name, (news.get(name) ?? 0) + (kept === "new" || kept === "queued" ? 1 : 0));
  }
}

function toArrival(kind: string, arriving: Arrival["message"]): Arrival {
  if (kind === "stop") return { kind: "stop", message: arriving, turnsMax: 100 };
  if (kind === "refusal") return { kind: "refusal", message: arriving, reply };
  return { kind: "question", message: arriving, whenFull: { turnsMax: 100 } };
}

/** Claims at one instance and sees each turn through, or not. */
export async function work(jobs: readonly Job[], place: number, scene: Scene): Promise<void> {
  const { world, call } = scene;
  const { leases, newest, violations } = scene.observed;
  for (const { roomsMax, end } of jobs) {
    const inbox = world.inboxAt(place);
    for (const { turn } of await call(() => inbox.claim(roomsMax, leaseMs))) {
      const lease = `attempt ${turn.attempt} at turn ${turn.id}`;
      if (leases.has(lease)) violations.push(`${lease} was given twice`);
      leases.add(lease);
      newest.set(turn.id, Math.max(turn.attempt, newest.get(turn.id) ?? 0));
      const older = await world.unfinishedBefore(turn.id);
      if (older > 0) violations.push(`turn ${turn.id} was claimed before ${older} older ones of its room had ended`);
      await endTurn(turn, end, place, scene);
    }
  }
}

async function endTurn(turn: Turn, end: string, place: number, { world, call, observed }: Scene): Promise<void> {
  const inbox = world.inboxAt(place);
  const fenced = async (what: string, run: () => Promise<unknown>) => {
    await call(async () => {
      const hadLost = (observed.newest.get(turn.id) ?? 0) > turn.attempt;
      await run();
      if (hadLost) observed.violations.push(`${what} of turn ${turn.id} by attempt ${turn.attempt}, which had lost it`);
    });
  };
  const steps: Readonly<Record<string, () => Promise<unknown>>> = {
    vanish: async () => {},
    "put back": () => fenced("put back", () => inbox.putBack(turn, 0, "again")),
    park: () => fenced("park", () => inbox.park(turn, "gone")),
    shut: () => fenced("shut", () => inbox.shut(turn, "gone")),
    deliver: () => deliver(turn, 1),
    repeat: () => deliver(turn, 2),
  };
  async function deliver(held: Turn, times: number): Promise<void> {
    await fenced("shown", () => inbox.shown(held, ["1"]));
    for (let n = 0; n < times && !held.reply; n++)
      await fenced("answered", () => inbox.answered(held, reply, world.answer));
    for (let n = 0; n < times; n++) await fenced("delivered", () => inbox.delivered(held, ["1", "2"]));
  }
  await steps[end]?.().catch((error: unknown) => {
    if (!(error instanceof LeaseLostError)) throw error;
  });
}

export async function disturb(faults: readonly string[], { world, call }: Scene): Promise<void> {
  for (const fault of faults) await call(() => strike(fault, world));
}

async function strike(fault: string, world: InboxWorld): Promise<unknown> {
  switch (fault) {
    case "die":
      return await world.replaceInstance(1);
    case "free abandoned":
      return await world.inboxAt(0).freeAbandoned();
    default:
      return await world.passTime(fault.at(-1) ?? "a");
  }
}
