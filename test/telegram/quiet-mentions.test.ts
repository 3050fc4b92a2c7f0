import { expect, test } from "vitest";
import { quietMentions } from "../../src/channels/telegram/quiet-mentions.ts";
import { writeReply } from "../../src/channels/telegram/write-reply.ts";

test("a model cannot call people in a group; code and addresses by mail stay as they are", () => {
  const [part] = writeReply({ text: "Hey **@ada** and (@bob_7): `@Inject` me@example.org", end: "complete" });
  expect(part && quietMentions(part)).toEqual({
    ...part,
    text: "Hey ＠ada and (＠bob_7): @Inject me@example.org",
  });
});
