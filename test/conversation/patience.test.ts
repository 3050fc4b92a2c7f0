import { afterEach, expect, test } from "vitest";
import { AiError, ChannelError } from "../../src/conversation/domain/errors.ts";
import { until } from "../until.ts";
import { openRoom, type OpenRoom, sent } from "./open-room.ts";

let room: OpenRoom;
afterEach(() => room.close());

test("a message that has waited long for its turn is tried for as long as one that comes at once", async () => {
  room = await openRoom();
  const [said, answer] = [Promise.withResolvers<void>(), room.answer];
  room.answer = async function* (prompt, signal) {
    if (room.prompts.length === 1) await said.promise;
    if (room.prompts.length === 2) throw new AiError("unavailable", "HTTP 503");
    yield* answer(prompt, signal);
  };
  room.files.set("a.txt", new ChannelError("the platform is busy", { retryable: true, retryAfterMs: 10 }));

  const first = room.ask({ text: "a long story" });
  await until(() => room.prompts.length === 1, "the first is asked");
  const second = room.ask({ text: "sum up", attachments: [sent("document", "a.txt")] });
  const kept = () => room.store.transcripts.recent("test", "room", 20);
  await until(async () => (await kept()).length === 2, "the second is kept");
  await room.store.keptEarlier("30 hours");
  said.resolve();
  await first;
  await until(() => room.fetched.length > 1, "the file is tried for");
  room.files.set("a.txt", new TextEncoder().encode("a file"));
  expect(await second).toBe("I see.");
  expect(room.prompts).toHaveLength(3);
});
