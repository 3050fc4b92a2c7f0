import { GrammyError, HttpError } from "grammy";
import { expect, test } from "vitest";
import { readError } from "../../src/channels/telegram/read-error.ts";
import { startTelegramDouble } from "../doubles/telegram-double.ts";

const refused = (error_code: number, description: string, parameters = {}) =>
  readError(
    new GrammyError("Call failed", { ok: false, error_code, description, parameters }, "sendMessage", {
      text: "private words",
    }),
  );

test.each([
  [400, "Bad Request: message is not modified: specified new message content …", {}, { kind: "already" }],
  [400, "Bad Request: message to delete not found", {}, { kind: "already" }],
  [400, "Bad Request: message to react not found", {}, { kind: "already" }],
  [400, "Bad Request: message to edit not found", {}, { kind: "gone" }],
  [400, "Bad Request: message can't be edited", {}, { kind: "gone" }],
  [400, "Bad Request: there is no text in the message to edit", {}, { kind: "textless" }],
  [400, "Bad Request: can't parse entities: Can't find end of the entity", {}, { kind: "formatting" }],
  [400, "Bad Request: group chat was upgraded", { migrate_to_chat_id: -100 }, { kind: "moved", chatId: -100 }],
  [400, "Bad Request: chat not found", {}, { kind: "failed", error: { retryable: false, isShut: true } }],
  [400, "Bad Request: TOPIC_CLOSED", {}, { kind: "failed", error: { retryable: false, isShut: true } }],
  [400, "Bad Request: message is too long", {}, { kind: "failed", error: { retryable: false, isShut: false } }],
  [401, "Unauthorized", {}, { kind: "unauthorized", error: { retryable: false } }],
  [
    403,
    "Forbidden: bot was kicked from the supergroup chat",
    {},
    { kind: "failed", error: { retryable: false, isShut: true } },
  ],
  [409, "Conflict: terminated by other getUpdates request", {}, { kind: "conflict", error: { retryable: true } }],
  [
    429,
    "Too Many Requests: retry after 7",
    { retry_after: 7 },
    { kind: "failed", error: { retryable: true, retryAfterMs: 7_000 } },
  ],
  [502, "Bad Gateway", {}, { kind: "unheard", error: { retryable: true } }],
])("%i %s", (code, description, parameters, expected) => {
  expect(refused(code, description, parameters)).toMatchObject(expected);
});

test("no error holds the token or what was written, however the network failed", () => {
  const cause = new Error("connect https://api.telegram.org/bot424242:AAE-secret_part/sendMessage");
  const errors = [
    readError(new HttpError("Network request failed!", new TypeError("fetch failed", { cause }))),
    readError(new HttpError("Network request failed!", cause)),
    readError(new Error(cause.message)),
    refused(403, cause.message),
  ];
  for (const refusal of errors) {
    expect(refusal).toMatchObject({ error: { message: expect.stringContaining("bot[token]/") } });
    const everything = "error" in refusal ? [refusal.error.message, refusal.error.stack, refusal.error.cause] : [];
    expect(everything.join()).not.toMatch(/secret_part|private words/);
  }
});

test("an answer that did not come says that the call may have arrived", () => {
  expect(readError(new HttpError("", new DOMException("signal timed out", "TimeoutError")))).toMatchObject({
    kind: "unheard",
    error: { retryable: true, message: expect.stringContaining("is not known") },
  });
});

test("a call that had no connection has not arrived", async () => {
  const double = await startTelegramDouble();
  await double.close();
  for (const url of [double.url, "http://telegram.invalid/"]) {
    const cause = await fetch(url).catch((error: unknown) => error);
    expect(readError(new HttpError("", cause))).toMatchObject({ kind: "failed", error: { retryable: true } });
  }
});
