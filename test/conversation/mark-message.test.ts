import { afterEach, beforeEach, expect, test } from "vitest";
import { ChannelError } from "../../src/conversation/domain/errors.ts";
import { until } from "../until.ts";
import { type OpenRoom, openRoom } from "./open-room.ts";

let room: OpenRoom;
let release: () => void;

beforeEach(async () => {
  room = await openRoom();
  const released = new Promise<void>((resolve) => (release = resolve));
  room.answer = async function* () {
    await released;
    yield { text: "I see." };
    yield { end: "complete", model: "small" };
  };
});
afterEach(() => room.close());

test("a sign that comes to stand under my message after its answer does not stay", async () => {
  let note = () => {};
  room.noting = new Promise((resolve) => (note = resolve));
  await room.write({ id: "one" });
  const second = room.ask({ id: "two" });
  await until(() => room.prompts.length > 0, "the first is being answered");
  release();
  await second;
  await until(() => room.marks.length > 0, "the sign is sought");
  note();
  await until(() => room.marks.length > 2, "it is taken away once more");
  expect(room.marks).toEqual(["taken two", "queued two", "taken two"]);
});

test("the sign under a message that is given up does not stay", async () => {
  await room.write({ id: "one" });
  await until(() => room.prompts.length > 0, "the first is being answered");
  await room.write({ id: "two" });
  await until(() => room.marks.length > 0, "the sign");
  room.refusal = new ChannelError("the platform takes no such text", { retryable: false });
  release();
  await until(() => room.marks.length > 1, "it is taken away");
  expect(room.marks.slice(0, 2)).toEqual(["queued two", "taken two"]);
});
