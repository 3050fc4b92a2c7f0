import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Turn } from "../../src/conversation/domain/turn.ts";
import { message } from "../messages.ts";
import { type Call, disturb, type Observed, roomNames, scripts, work, write } from "./inbox-actors.ts";
import { inboxCommands, type Real } from "./inbox-commands.ts";
import { newModel } from "./inbox-model.ts";
import { type InboxWorld, openInboxWorld } from "./inbox-world.ts";

// A failure prints its seed and path: give them to fc.assert to see it again.

const places = 2;
/** On a slow machine a test makes do with fewer runs. */
const timeLimitMs = 12_000;
const timed = () => {
  const endsAtMs = performance.now() + timeLimitMs;
  return () => performance.now() > endsAtMs;
};
let world: InboxWorld;

beforeAll(async () => {
  world = await openInboxWorld(places);
});
afterAll(() => world.close());

test("whatever happens to it, the inbox is as its model says, row by row", async () => {
  const isLate = timed();
  await fc.assert(
    fc.asyncProperty(fc.commands(inboxCommands, { maxCommands: 60, size: "max" }), async (commands) => {
      if (isLate()) return;
      await world.reset();
      const hands: Turn[] = [];
      await fc.asyncModelRun(() => ({ model: newModel(places), real: { world, hands } satisfies Real }), commands);
    }),
    { numRuns: 150 },
  );
});

test("a renewal that overtakes a turn's being put back does not end the pause", async () => {
  await world.reset();
  await world.inboxAt(0).keep([{ kind: "question", message: message(), whenFull: { turnsMax: 9 } }]);
  const [claim] = await world.inboxAt(0).claim(1, 60_000);
  if (!claim) throw new Error("there was nothing to claim");
  await world.inboxAt(0).putBack(claim.turn, 60_000, "retry after a minute");
  expect((await world.inboxAt(0).renew([claim.turn], 1)).get(claim.turn.id)).toBe("lost");
  expect(await world.inboxAt(0).claim(1, 1)).toEqual([]);
});

test("whoever does whatever at the same time, nothing is lost, doubled or out of order, and it all comes to an end", async () => {
  const isLate = timed();
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), scripts, async (scheduler, { writers, workers, faults }) => {
      if (isLate()) return;
      await world.reset();
      const observed: Observed = { news: new Map(), violations: [], leases: new Set(), newest: new Map() };
      const call: Call = async (run) => {
        await scheduler.schedule(Promise.resolve());
        return await run();
      };
      const scene = { world, call, observed };
      const acts = [
        ...writers.map((letters) => write(letters, scene)),
        ...workers.map((jobs, index) => work(jobs, index % places, scene)),
        disturb(faults, scene),
      ];
      await scheduler.waitFor(Promise.allSettled(acts)); // nobody is left behind in the next run
      await Promise.all(acts);
      await drain(observed);

      expect(observed.violations).toEqual([]);
      const turns = await world.turns();
      expect(turns.map(({ room, key }) => `${room}/${key}`).toSorted()).toEqual([...observed.news.keys()].toSorted());
      expect([...observed.news.values()].every((times) => times === 1)).toBe(true);
      for (const name of roomNames) {
        const ends = turns.filter(({ room }) => room === name);
        const times = ends.map(({ ended_at }) => ended_at ?? 0);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        expect(ends.every(({ state }) => state === "delivered" || state === "parked")).toBe(true);
      }
    }),
    { numRuns: 60 },
  );
});

/** After the last fault one worker is enough. */
async function drain(observed: Observed): Promise<void> {
  const atOnce: Call = (run) => run();
  for (const room of roomNames) await world.passTime(room);
  for (let round = 0; round < 100 && (await world.turns()).some(({ ended_at }) => ended_at === null); round++)
    await work([{ roomsMax: roomNames.length, end: "deliver" }], 0, { world, call: atOnce, observed });
}
