import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PlaceSettings } from "../../src/conversation/ports/place-settings.ts";
import { openTestStore, type TestStore } from "../setup/open-test-store.ts";

let store: TestStore;
let places: PlaceSettings;
beforeAll(async () => {
  store = await openTestStore();
  places = store.placeSettings;
});
afterAll(() => store.drop());

const server = (id: string) => ({ channel: "discord", id });

test("a place of which nothing was decided has no rules", async () => {
  expect(await places.find(server("1"))).toEqual({});
});

test("what is decided on one instance is obeyed by all, at once", async () => {
  const other = (await store.another()).placeSettings;
  await places.save(server("2"), { mode: "reply", channelIds: ["7"] });
  expect(await other.find(server("2"))).toEqual({ mode: "reply", channelIds: ["7"] });
  await other.save(server("2"), { mode: "slash", roleIds: ["8", "9"] });
  expect(await places.find(server("2"))).toEqual({ mode: "slash", roleIds: ["8", "9"] });
  expect(await places.find({ channel: "elsewhere", id: "2" })).toEqual({});
});

test("rules that make no sense are not kept", async () => {
  await expect(places.save(server("3"), { channelIds: [] })).rejects.toThrow();
  await expect(places.save(server("3"), { roleIds: Array<string>(101).fill("1") })).rejects.toThrow();
  expect(await places.find(server("3"))).toEqual({});
});

test("a rule of a newer version is passed over, and the others hold", async () => {
  const client = new pg.Client(store.url);
  await client.connect();
  await client.query(`insert into place_settings (channel, place, settings)
    values ('discord', '4', '{"mode": "by-pigeon", "roleIds": ["8"], "hours": "9-17"}'), ('discord', '5', '[]')`);
  await client.end();
  expect(await places.find(server("4"))).toEqual({ roleIds: ["8"] });
  expect(await places.find(server("5"))).toEqual({});
});
