import { expect, test } from "vitest";
import { message } from "../messages.ts";
import type { TestStore } from "../setup/open-test-store.ts";
import { until } from "../until.ts";
import { type OpenRoom, openRoom } from "./open-room.ts";

const rooms = ["a", "b", "c"];
const inRoom = (room: string) => message({ channel: "test", room, id: `of ${room}` });

/** Whoever took these turns died, so often, all of them in hand. */
const killed = (times: number) => async (store: TestStore) => {
  for (const room of rooms)
    await store.inbox.keep([{ kind: "question", message: inRoom(room), whenFull: { turnsMax: 100 } }]);
  for (let time = 0; time < times; time += 1) {
    const other = await store.another();
    expect(await other.inbox.claim(10, 60_000)).toHaveLength(rooms.length);
    await other.close();
    await store.passTime();
  }
};

async function isEnded({ store }: OpenRoom, room: string): Promise<boolean> {
  const [turn] = await store.transcripts.recent("test", room, 1);
  return turn?.state === "delivered" || turn?.state === "parked";
}
const allEnded = async (room: OpenRoom) =>
  (await Promise.all(rooms.map((name) => isEnded(room, name)))).every((ended) => ended);

test("a turn whose worker died three times is parked with an apology, listed, and the room goes on", async () => {
  const room = await openRoom({ before: killed(3) });
  await until(() => allEnded(room), "all are given up", 30_000);
  expect(room.prompts).toEqual([]);
  const parked = await room.store.parkedTurns.list({ state: "parked", countMax: 10 });
  expect(parked).toHaveLength(rooms.length);
  for (const name of rooms) expect(room.shows(name)).toEqual([expect.stringMatching(/^⚠️ .*\(ref /)]);
  expect(await room.ask({ room: "a", id: "next" })).toBe("I see.");
  await room.close();
});

test("if even the apology kills, the turn is parked without a word", async () => {
  const room = await openRoom({ before: killed(4) });
  await until(() => allEnded(room), "all are given up", 30_000);
  expect(rooms.flatMap((name) => room.shows(name))).toEqual([]);
  await room.close();
});

test("turns whose workers died twice are tried one at a time, nothing else beside them, and all are answered", async () => {
  const room = await openRoom({ before: killed(2) });
  let underWay = 0;
  const most: number[] = [];
  room.answer = async function* () {
    underWay += 1;
    await room.write({ room: `beside ${room.prompts.length}`, id: `beside ${room.prompts.length}`, text: "/help" });
    most.push(underWay);
    yield { text: "I see." };
    underWay -= 1;
    yield { end: "complete", model: "small" };
  };
  await until(() => allEnded(room), "all are answered", 30_000);
  expect(rooms.map((name) => room.shows(name))).toEqual(rooms.map(() => ["I see."]));
  expect(most).toEqual([1, 1, 1]);
  expect(await room.store.parkedTurns.list({ state: "parked", countMax: 10 })).toEqual([]);
  await room.close();
});
