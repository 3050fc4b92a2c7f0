import { expect, test } from "vitest";
import type { Reply } from "../../src/conversation/domain/reply.ts";
import { generateReply } from "../../src/conversation/generate-reply.ts";
import type { AiChunk } from "../../src/conversation/ports/ai-client.ts";
import { until } from "../until.ts";

test("a draft that does not grow is shown again before it fades", async () => {
  const drafts: Reply[] = [];
  const { promise: goOn, resolve } = Promise.withResolvers<void>();
  async function* stream(): AsyncGenerator<AiChunk> {
    yield { text: "One" };
    await goOn;
    yield { text: " two" };
    yield { end: "complete", model: "test-model" };
  }
  const pace = { typingAfterMs: 0, firstDraftMs: 0, typingMs: 5, renewMs: 10, editIntervalMs: 1 };
  const showDraft = async (draft: Reply) => void drafts.push(draft);
  const writing = generateReply(stream, showDraft, pace, new AbortController().signal);
  await until(() => drafts.filter(({ text }) => text === "One").length > 2, "the same draft again");
  resolve();
  expect((await writing).reply).toMatchObject({ text: "One two", end: "complete" });
});
