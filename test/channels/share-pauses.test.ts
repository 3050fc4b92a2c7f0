import { expect, test } from "vitest";
import { sharePauses } from "../../src/channels/share-pauses.ts";
import { inProcessWire } from "../../src/store/in-process/in-process-wire.ts";

const never = new AbortController().signal;
const wire = inProcessWire();

/** Two instances of one bot, and one of another. */
function open() {
  const heard: number[] = [];
  const [first, second, stranger] = ["bot", "bot", "another bot"].map((bot) => sharePauses(wire, bot, never));
  if (!first || !second || !stranger) throw new Error("there are three");
  second.watch("room", (ms) => heard.push(ms));
  return { first, second, stranger, heard };
}

test("who is told to leave a lane alone tells the others of the same bot, and no other lane is concerned", () => {
  const { first, second, stranger, heard } = open();
  first.begin("room", 60_000);
  for (const { leftMs } of [first, second]) expect(leftMs("room")).toBeGreaterThan(30_000);
  expect([stranger.leftMs("room"), second.leftMs("another room")]).toEqual([0, 0]);
  expect(heard).toEqual([60_000]);
});

test("a shorter pause does not end a longer one, a longer one prolongs it", () => {
  const { first, second, heard } = open();
  for (const ms of [60_000, 1_000, 90_000]) first.begin("room", ms);
  expect(second.leftMs("room")).toBeGreaterThan(60_000);
  expect(heard).toEqual([60_000, 90_000]);
});

test("nonsense on the wire closes nothing", () => {
  const { second, heard } = open();
  for (const hint of [null, 7, {}, { lane: "room" }, { lane: "room", ms: -1 }, { lane: "room", ms: 1e12 }])
    wire.send("pause bot", hint);
  expect([second.leftMs("room"), heard.length]).toEqual([0, 0]);
});
