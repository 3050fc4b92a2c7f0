import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LeaseLostError } from "../../src/conversation/domain/errors.ts";
import type { ReceiverMemory } from "../../src/conversation/ports/receiver-memory.ts";
import { message } from "../messages.ts";
import { until } from "../until.ts";
import { openTestStore, type TestStore } from "../setup/open-test-store.ts";

let store: TestStore;
let memory: ReceiverMemory;
beforeAll(async () => {
  store = await openTestStore();
  memory = store.receiverMemory;
});
afterAll(() => store.drop());

test("what a receiver saves is there for whoever opens it next", async () => {
  const name = "one/0";
  expect(await memory.open({ name, fence: "1" })).toBeUndefined();
  await memory.save({ name, fence: "1" }, { heard: 7 });
  expect(await memory.open({ name, fence: "1" })).toEqual({ heard: 7 });
  expect(await memory.open({ name, fence: "12" })).toEqual({ heard: 7 });
});

test("who was overtaken can neither save nor open", async () => {
  const name = "two/0";
  await memory.open({ name, fence: "9" });
  await memory.save({ name, fence: "9" }, "old");
  await memory.open({ name, fence: "10" });
  await expect(memory.save({ name, fence: "9" }, "late")).rejects.toThrow(LeaseLostError);
  await expect(memory.open({ name, fence: "9" })).rejects.toThrow(LeaseLostError);
  expect(await memory.open({ name, fence: "10" })).toBe("old");
});

test("two instances together spend no more than allowed in any time of that length", async () => {
  const other = (await store.another()).receiverMemory;
  const asked = await Promise.all(
    Array.from({ length: 20 }, (_, n) => (n % 2 ? memory : other).spend("starts", 5, 600_000)),
  );
  expect(asked.filter((waitMs) => waitMs === 0)).toHaveLength(5);
  const waitMs = await memory.spend("starts", 5, 600_000);
  expect(waitMs).toBeGreaterThan(500_000);
  expect(waitMs).toBeLessThanOrEqual(600_000);
  expect(await memory.spend("others", 1, 60_000)).toBe(0);
});

test("an allowance comes back with time, and not before", async () => {
  const askedAtMs = performance.now();
  expect(await memory.spend("short", 1, 150)).toBe(0);
  await until(async () => (await memory.spend("short", 1, 150)) === 0, "it is granted again");
  expect(performance.now() - askedAtMs).toBeGreaterThanOrEqual(150);
});

test("the newest message of each room is found, the rooms that were active last first, as far as asked", async () => {
  const keep = (room: string, id: string, channel = "discord") =>
    store.inbox.keep([{ kind: "stop", message: message({ channel, room, id }), turnsMax: 100 }]);
  await keep("me/1", "1");
  await keep("me/2", "2");
  await keep("me/1", "3");
  await keep("other/1", "4");
  await keep("me/3", "5", "telegram");
  await keep("me/3", "6");
  const newest = async (roomsMax: number) =>
    (await memory.newestMessages("discord", "me/", roomsMax)).map(({ room, id }) => `${room}: ${id}`);
  expect(await newest(10)).toEqual(["me/3: 6", "me/1: 3", "me/2: 2"]);
  expect(await newest(2)).toEqual(["me/3: 6", "me/1: 3"]);
});

test("a quiet room is found, however much was written elsewhere since", async () => {
  const keep = (channel: string, room: string, id: string) =>
    store.inbox.keep([{ kind: "stop", message: message({ channel, room, id }), turnsMax: 100 }]);
  await keep("discord", "quiet/1", "1");
  await keep("telegram", "busy", "1");
  const client = new pg.Client(store.url);
  await client.connect();
  await client.query(`insert into turns (room_id, seq, message_id, message, state)
    select room_id, seq + n, message_id || '/' || n, message, 'delivered'
      from turns join rooms on rooms.id = room_id, generate_series(1, 60000) n where room = 'busy'`);
  await client.end();
  expect(await memory.newestMessages("discord", "quiet/", 10)).toMatchObject([{ room: "quiet/1", id: "1" }]);
});

test("a kept message is found by its id in the rooms where it may be, and nowhere else", async () => {
  const keep = (room: string, channel = "discord") =>
    store.inbox.keep([
      { kind: "stop", message: message({ channel, room, id: "77", text: `in ${room}` }), turnsMax: 100 },
    ]);
  await keep("me/a");
  await keep("me/b", "telegram");
  const find = async (...rooms: string[]) => (await memory.findMessage("discord", rooms, "77"))?.text;
  expect(await find("me/b", "me/a")).toBe("in me/a");
  expect(await find("me/b", "me/c")).toBeUndefined();
  expect(await find()).toBeUndefined();
});
