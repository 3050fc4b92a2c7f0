import * as fc from "fast-check";
import { expect } from "vitest";
import { LeaseLostError } from "../../src/conversation/domain/errors.ts";
import type { FinalReply } from "../../src/conversation/domain/reply.ts";
import type { Turn } from "../../src/conversation/domain/turn.ts";
import type { Arrival } from "../../src/conversation/ports/inbox.ts";
import { message } from "../messages.ts";
import {
  claimInModel,
  freeRoom,
  type Hand,
  headOf,
  isCurrent,
  isUnfinished,
  keepInModel,
  makeDue,
  type Model,
  partBefore,
} from "./inbox-model.ts";
import type { InboxWorld } from "./inbox-world.ts";

/** The inbox, and the turns that were ever claimed from it, in the order of the model's hands. */
export type Real = { readonly world: InboxWorld; readonly hands: Turn[] };

type Step = fc.AsyncCommand<Model, Real>;
const leaseMs = 600_000;
const reply: FinalReply = { text: "the answer", end: "complete" };
const rooms = ["a", "b", "c"];

/** What may happen to an inbox, in any order. Each step says what must come of it, and then compares every row with the model. */
export const inboxCommands = [
  fc.array(fc.tuple(fc.constantFrom(...rooms), fc.nat(11), fc.nat(9)), { minLength: 1, maxLength: 4 }).map(keep),
  fc.record({ at: fc.nat(1), roomsMax: fc.integer({ min: 1, max: 4 }) }).map(claim),
  fc.record({ at: fc.nat(1), roomsMax: fc.integer({ min: 1, max: 4 }) }).map(claim),
  fc.nat(1).map(loseClaim),
  fc.array(fc.nat(30), { minLength: 1, maxLength: 3 }).map(renew),
  fc.tuple(fc.nat(30), fc.array(fc.constantFrom("1", "2", "3"))).map(([nth, parts]) => shown(nth, parts)),
  fc.tuple(fc.nat(30), fc.boolean()).map(([nth, byModel]) => answered(nth, byModel)),
  fc.tuple(fc.nat(30), fc.boolean()).map(([nth, byModel]) => answered(nth, byModel)),
  fc.tuple(fc.nat(30), fc.array(fc.constantFrom("1", "2", "3"))).map(([nth, parts]) => delivered(nth, parts)),
  fc.tuple(fc.nat(30), fc.array(fc.constantFrom("1", "2", "3"))).map(([nth, parts]) => delivered(nth, parts)),
  fc.tuple(fc.nat(30), fc.boolean()).map(([nth, forLater]) => putBack(nth, forLater)),
  fc.nat(30).map(park),
  fc.tuple(fc.nat(30), fc.constantFrom("kicked", "gone")).map(([nth, reason]) => shut(nth, reason)),
  fc.constantFrom(...rooms).map(timePasses),
  fc.nat(1).map(die),
  fc.nat(1).map(freeAbandoned),
  fc.tuple(fc.nat(20), fc.boolean()).map(([nth, again]) => replay(nth, again)),
  fc.nat(20).map(discard),
];

/** A step, compared row by row. */
function step(name: string, run: (model: Model, real: Real) => Promise<void>): Step {
  return {
    check: () => true,
    async run(model, real) {
      await run(model, real);
      await real.world.compare(model);
    },
    toString: () => name,
  };
}

function keep(given: readonly (readonly [room: string, key: number, kind: number])[]): Step {
  const arrivals = given.map(([room, key, kind]): Arrival => {
    const arriving = message({ room, id: `m${key}` });
    if (kind === 0) return { kind: "stop", message: arriving, turnsMax: 4 };
    if (kind === 1) return { kind: "refusal", message: arriving, reply };
    if (kind === 2) return { kind: "refusal", message: arriving };
    return { kind: "question", message: arriving, whenFull: { turnsMax: 4, ...(kind > 5 && { words: reply }) } };
  });
  const said = arrivals.map(({ kind, message: { room, id } }) => `${kind} ${id} in ${room}`);
  return step(`keep(${said.join(", ")})`, async (model, { world }) => {
    const expected = arrivals.map((arrival) => keepInModel(model, arrival));
    expect(await world.inboxAt(0).keep(arrivals)).toEqual(expected);
  });
}

function claim({ at, roomsMax }: { readonly at: number; readonly roomsMax: number }): Step {
  return step(`instance ${at} claims up to ${roomsMax}`, async (model, { world, hands }) => {
    const due = [...model.rooms.values()].filter((room) => room.due === "now");
    const claims = await world.inboxAt(at).claim(roomsMax, leaseMs);
    for (const { turn, crashes, shut: reason } of claims) {
      const room = due.find(({ name }) => name === turn.message.room);
      if (!room) throw new Error(`${turn.message.room} was not to be claimed`);
      const before = headOf(room);
      expect(crashes).toBe(before?.crashes);
      expect(reason).toBe(before?.isShut ? room.shutReason : undefined);
      const hand = claimInModel(room, model.living[at] ?? 0);
      expectTurn(turn, hand);
      model.hands.push(hand);
      hands.push(turn);
    }
    if (roomsMax >= due.length) expect(due.filter((room) => room.due === "now" && headOf(room))).toEqual([]);
  });
}

function expectTurn(found: Turn, { turn, attempt }: Hand): void {
  expect(found).toEqual({
    id: found.id,
    message: expect.objectContaining({ id: turn.key, room: turn.room.name }),
    attempt,
    shown: turn.parts,
    after: partBefore(turn) ?? "0",
    ageMs: expect.any(Number),
    ...(turn.stopRequested && { stopRequested: true }),
    ...(turn.stoppedTurn && { stoppedTurn: true }),
    ...(turn.wasQueued && { wasQueued: true }),
    ...(turn.reply && { reply: turn.reply }),
  });
}

/** A claim whose answer got lost on the way, which its instance makes good. */
function loseClaim(at: number): Step {
  return step(`instance ${at} never hears of a claim`, async (model, { world, hands }) => {
    const holder = model.living[at] ?? 0;
    const inHand = model.hands.map((hand, index) => ({ hand, turn: hands[index] }));
    const mine = inHand.filter(({ hand }) => hand.holder === holder && isCurrent(hand));
    await world.inboxAt(at).claim(9, leaseMs);
    for (const room of model.rooms.values()) if (room.due === "now" && headOf(room)) claimInModel(room, holder);

    await world.inboxAt(at).freeForgotten(mine.flatMap(({ turn }) => turn ?? []));
    for (const room of model.rooms.values()) {
      const turn = headOf(room);
      if (room.holder !== holder || mine.some(({ hand }) => hand.turn.room === room)) continue;
      if (turn) turn.crashes = Math.max(0, turn.crashes - 1);
      makeDue(room);
    }
  });
}

function renew(nths: readonly number[]): Step {
  return step(`renew ${nths.join(", ")}`, async (model, { world, hands }) => {
    const chosen = pickAll(nths, model, hands);
    for (const { hand, turn, holder } of chosen) {
      const at = model.living.indexOf(holder);
      if (at === -1) continue; // the dead renew nothing
      const isHeld = isCurrent(hand) && hand.turn.room.holder === holder;
      const expected = hand.turn.stopRequested ? "stopped" : "held";
      const states = await world.inboxAt(at).renew([turn], leaseMs);
      expect(states.get(turn.id)).toBe(isHeld ? expected : "lost");
      if (isHeld) hand.turn.room.due = "leased";
    }
  });
}

function shown(nth: number, parts: readonly string[]): Step {
  return write(nth, `shows ${parts.join()}`, ({ hand, world, turn }) => ({
    allowed: isCurrent(hand),
    run: () => world.inboxAt(0).shown(turn, parts),
    apply: () => void (hand.turn.parts = parts),
  }));
}

function answered(nth: number, byModel: boolean): Step {
  return write(nth, byModel ? "is answered by the AI" : "is answered", ({ hand, world, turn }) => ({
    // As it already is, it stays: the write of a worker who never heard that it was made.
    allowed: isCurrent(hand),
    run: () => world.inboxAt(0).answered(turn, reply, byModel ? world.answer : undefined),
    apply: () => void Object.assign(hand.turn, { state: "answered", reply }),
  }));
}

function delivered(nth: number, parts: readonly string[]): Step {
  return write(nth, `is delivered in ${parts.join()}`, ({ hand, world, turn }) => ({
    allowed: (isCurrent(hand) && hand.turn.state === "answered") || wasDelivered(hand, parts),
    async run() {
      const more = await world.inboxAt(0).delivered(turn, parts);
      const waits = hand.turn.room.turns.some((other) => other !== hand.turn && isUnfinished(other));
      // It may say that there is more where only silent refusals came; never that there is nothing where something is.
      if (waits) expect(more).toBe(true);
    },
    apply() {
      if (wasDelivered(hand, parts)) return;
      Object.assign(hand.turn, { state: "delivered", parts, crashes: 0 });
      freeRoom(hand.turn.room);
    },
  }));
}

function wasDelivered({ turn, attempt }: Hand, parts: readonly string[]): boolean {
  return turn.state === "delivered" && turn.attempt === attempt && turn.parts.join() === parts.join();
}

function putBack(nth: number, forLater: boolean): Step {
  return write(nth, `is put back for ${forLater ? "later" : "now"}`, ({ hand, world, turn }) => ({
    allowed: isCurrent(hand),
    run: () => world.inboxAt(0).putBack(turn, forLater ? leaseMs : 0, "again"),
    apply() {
      hand.turn.crashes = 0;
      makeDue(hand.turn.room);
      if (forLater) hand.turn.room.due = "later";
    },
  }));
}

const parkReason = "its answer cannot be shown";

function park(nth: number): Step {
  return write(nth, "is parked", ({ hand, world, turn }) => ({
    allowed: isCurrent(hand) || (wasParked(hand) && hand.turn.error === parkReason),
    run: () => world.inboxAt(0).park(turn, parkReason),
    apply() {
      if (wasParked(hand)) return;
      Object.assign(hand.turn, { state: "parked", crashes: 0, error: parkReason });
      freeRoom(hand.turn.room);
    },
  }));
}

function shut(nth: number, reason: string): Step {
  return write(nth, `is parked, for its room is shut: ${reason}`, ({ hand, world, turn }) => ({
    allowed: isCurrent(hand) || (wasParked(hand) && hand.turn.error === reason),
    run: () => world.inboxAt(0).shut(turn, reason),
    apply() {
      if (wasParked(hand)) return;
      const { room } = hand.turn;
      Object.assign(hand.turn, { state: "parked", crashes: 0, error: reason });
      freeRoom(room);
      room.shutReason = reason;
      for (const one of room.turns) one.isShut = true;
    },
  }));
}

function wasParked({ turn, attempt }: Hand): boolean {
  return turn.state === "parked" && turn.attempt === attempt;
}

type Held = { readonly hand: Hand; readonly turn: Turn; readonly holder: number };
type Write = { readonly allowed: boolean; run(): Promise<unknown>; apply(): void };

/** A fenced write with any turn that was ever in hand: it is made, or it throws and changes nothing. */
function write(nth: number, what: string, of: (held: Held & { world: InboxWorld }) => Write): Step {
  return step(`the ${nth}th turn in hand ${what}`, async (model, { world, hands }) => {
    for (const held of pickAll([nth], model, hands)) {
      const { allowed, run, apply } = of({ ...held, world });
      if (!allowed) return await expect(run()).rejects.toThrow(LeaseLostError);
      await run();
      apply();
    }
  });
}

/** The newest hands are the likeliest; there may be none. */
function pickAll(nths: readonly number[], model: Model, hands: readonly Turn[]): readonly Held[] {
  return nths.flatMap((nth) => {
    const hand = model.hands.at(-1 - (nth % Math.max(1, hands.length)));
    const turn = hands.at(-1 - (nth % Math.max(1, hands.length)));
    return hand && turn ? [{ hand, turn, holder: hand.holder }] : [];
  });
}

/** A lease or a pause is over. */
function timePasses(name: string): Step {
  return step(`time passes in ${name}`, async (model, { world }) => {
    const room = model.rooms.get(name);
    if (!room || room.due === "never" || room.due === "now") return;
    await world.passTime(name);
    room.due = "now";
  });
}

function die(at: number): Step {
  return step(`instance ${at} dies, and another takes its place`, async (model, { world }) => {
    await world.replaceInstance(at);
    model.living[at] = model.instances++;
  });
}

function freeAbandoned(at: number): Step {
  return step(`instance ${at} frees what the dead held`, async (model, { world }) => {
    const abandoned = [...model.rooms.values()].filter(
      ({ holder }) => holder !== undefined && !model.living.includes(holder),
    );
    expect(await world.inboxAt(at).freeAbandoned()).toBe(abandoned.length);
    for (const room of abandoned) makeDue(room);
  });
}

function replay(nth: number, again: boolean): Step {
  return step(`an operator replays turn ${nth}${again ? " anew" : ""}`, async (model, { world }) => {
    const turn = anyTurn(nth, model);
    if (!turn) return;
    const decision = await world.parkedTurns.replay(await world.idOf(turn), again ? "ask-again" : "keep-reply");
    const isParked = turn.state === "parked" && !turn.discarded;
    expect(decision.kind).toBe(isParked ? "done" : "not-parked");
    if (!isParked) return;
    const { room } = turn;
    room.turns = [...room.turns.filter((other) => other !== turn), turn];
    const kept = again ? undefined : turn.reply;
    Object.assign(turn, { attempt: turn.attempt + 1, crashes: 0, stopRequested: false, isShut: false, reply: kept });
    turn.begun = false;
    turn.state = kept ? "answered" : "waiting";
    if (room.due === "never") makeDue(room);
  });
}

function discard(nth: number): Step {
  return step(`an operator discards turn ${nth}`, async (model, { world }) => {
    const turn = anyTurn(nth, model);
    if (!turn) return;
    const decision = await world.parkedTurns.discard(await world.idOf(turn));
    const isParked = turn.state === "parked" && !turn.discarded;
    expect(decision.kind).toBe(isParked ? "done" : "not-parked");
    turn.discarded ||= isParked;
  });
}

/** The parked ones are the likeliest. */
function anyTurn(nth: number, { rooms }: Model) {
  const all = [...rooms.values()].flatMap(({ turns }) => turns);
  const parked = all.filter(({ state }) => state === "parked");
  const chosen = parked.length > 0 && nth % 4 > 0 ? parked : all;
  return chosen[nth % Math.max(1, chosen.length)];
}
