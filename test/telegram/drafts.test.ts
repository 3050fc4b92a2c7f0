import { expect, test } from "vitest";
import type { TelegramDouble } from "../doubles/telegram-double.ts";
import { holding } from "../holding.ts";
import { until } from "../until.ts";
import { asked, botTexts, complete, listening, telegram } from "./open-telegram.ts";

const stop = [[{ label: "Stop", command: "/stop" }]];
const refusal = { status: 400, description: "Bad Request: TEXTDRAFT_PEER_INVALID" };
const writes = (double: TelegramDouble) =>
  ["sendMessage", "editMessageText"].map((method) => double.callsOf(method).length);

test("in a private chat an answer thinks, grows, and comes as one message that was never edited", async () => {
  const double = await telegram();
  const { show } = await asked(double, { chat: 7, text: "Hi" });
  expect(await show({ text: "" })).toEqual([]);
  expect(double.draft(7)).toMatchObject({ draftId: 1, text: "" });
  expect(await show({ text: "Hello **wor" })).toEqual([]);
  expect(double.draft(7)).toMatchObject({ draftId: 1, text: "Hello wor", entities: [{ type: "bold" }] });
  await show({ text: "Hello **world**, I" });
  expect(double.draft(7)?.text).toBe("Hello world, I");
  expect(botTexts(double, 7)).toEqual([]);
  const shown = await show(complete("Hello **world**."));
  expect(double.transcript(7).at(-1)).toMatchObject({ id: Number(shown[0]), text: "Hello world.", edits: 0 });
  expect(double.draft(7)).toBeUndefined();
  expect(writes(double)).toEqual([1, 0]);
  expect(double.callsOf("sendChatAction")).toEqual([]);
});

test("a draft stays in its topic of a private chat", async () => {
  const double = await telegram();
  const topic = { chat: { id: 7, topics: [9] }, threadId: 9 };
  const { show, message } = await asked(double, { ...topic, text: "Hi" });
  expect(message.room).toBe(`${double.botId}/7/9`);
  await show({ text: "Hel" });
  expect([double.draft(7, 9)?.text, double.draft(7)]).toEqual(["Hel", undefined]);
  await show(complete("Hello."));
  expect(double.transcript(7).at(-1)).toMatchObject({ text: "Hello.", threadId: 9 });
  expect(double.draft(7, 9)).toBeUndefined();
});

test("a draft that outgrows its message leaves the first one for good and goes on in a second", async () => {
  const double = await telegram();
  const { show } = await asked(double, { chat: 7, text: "Hi" });
  const text = "A sentence of some words. ".repeat(170);
  expect(await show({ text: text.slice(0, 3_000) })).toEqual([]);
  const first = await show({ text });
  expect(first).toHaveLength(1);
  const draft = double.draft(7)?.text ?? "";
  expect([...botTexts(double, 7), draft].join(" ")).toBe(text.trim());
  const both = await show(complete(text), first);
  expect(both).toHaveLength(2);
  expect(botTexts(double, 7).join(" ")).toBe(text.trim());
  expect(writes(double)).toEqual([2, 0]);
});

test("what the room shows already is edited in place", async () => {
  const double = await telegram();
  const { show } = await asked(double, { chat: 7, text: "Hi" });
  const shown = await show(complete("An answer"));
  await show({ text: "" }, shown);
  expect(double.draft(7)).toBeUndefined();
  expect(double.callsOf("sendChatAction")).toHaveLength(1);
  expect(await show({ text: "Anoth" }, shown)).toEqual(shown);
  expect(botTexts(double, 7)).toEqual(["Anoth"]);
});

test("what must last while nobody writes is a message", async () => {
  const double = await telegram();
  const { show } = await asked(double, { chat: 7, text: "Hi" });
  const shown = await show({ text: "The AI is away.", stays: true });
  expect(shown).toHaveLength(1);
  expect(await show(complete("Here it is."), shown)).toEqual(shown);
  expect(botTexts(double, 7)).toEqual(["Here it is."]);
});

test.each([
  ["a chat that takes none", {}, refusal],
  ["a server that does not know them", { knowsDrafts: false }, undefined],
])("without drafts, in %s, the answer grows by edits", async (_, options, fault) => {
  const double = await telegram(options);
  const { show } = await asked(double, { chat: 7, text: "Hi" });
  if (fault) double.failNext("sendMessageDraft", fault);
  expect(await show({ text: "" })).toEqual([]);
  expect(double.callsOf("sendChatAction")).toHaveLength(1);
  const shown = await show({ text: "Hel" });
  expect(botTexts(double, 7)).toEqual(["Hel"]);
  expect(await show(complete("Hello."), shown)).toEqual(shown);
  expect(double.callsOf("sendMessageDraft")).toHaveLength(1);
  expect(writes(double)).toEqual([1, 1]);
});

test("a draft that is refused in the middle goes on as a message at once", async () => {
  const double = await telegram();
  const { show } = await asked(double, { chat: 7, text: "Hi" });
  await show({ text: "Hel" });
  double.failNext("sendMessageDraft", refusal);
  const shown = await show({ text: "Hello" });
  expect(botTexts(double, 7)).toEqual(["Hello"]);
  expect(await show(complete("Hello."), shown)).toEqual(shown);
});

test("a draft that a formatting spoils is shown plain; one that gets lost is only skipped", async () => {
  const double = await telegram();
  const { show } = await asked(double, { chat: 7, text: "Hi" });
  double.failNext("sendMessageDraft", { status: 400, description: "Bad Request: can't parse entities: whatever" });
  await show({ text: "Hello **world**" });
  expect(double.draft(7)).toMatchObject({ text: "Hello world", entities: [] });
  double.failNext("sendMessageDraft", "reset");
  expect(await show({ text: "Hello **world**, I" })).toEqual([]);
  await show({ text: "Hello **world**, I am" });
  expect(double.draft(7)?.text).toBe("Hello world, I am");
  expect(writes(double)).toEqual([0, 0]);
});

test("an answer waits for a draft that is on its way, which would else stay under it", async () => {
  const double = await telegram();
  const { show } = await asked(double, { chat: 7, text: "Hi" });
  double.failNext("sendMessageDraft", "hang");
  const thinking = show({ text: "" });
  await until(() => double.callsOf("sendMessageDraft").length === 1, "the draft");
  const answer = show(complete("Hello."));
  expect(await thinking).toEqual([]);
  expect(botTexts(double, 7)).toEqual([]);
  expect(await answer).toHaveLength(1);
});

test("a draft offers to stop it, and the press says which answer", async () => {
  const double = await telegram();
  const { show, channel } = await asked(double, { chat: 7, text: "Hi" });
  await show({ text: "Hel" });
  expect(double.draft(7)?.canStop).toBe(false);
  await show({ text: "Hello", buttons: stop });
  const { kept } = listening(channel);
  double.stop(7);
  expect(await until(() => kept[0], "the press")).toMatchObject({
    id: "stopped:1",
    room: `${double.botId}/7`,
    author: { id: "7", name: "Person 7" },
    audience: "direct",
    text: "/stop",
    about: { kind: "pressed", turnId: "1" },
  });
  expect(double.draft(7)?.text).toBe("Hello"); // until the answer comes
  const answer = kept[0];
  if (!answer) throw new Error("there was a press");
  await channel.show(
    { id: "2", message: answer, attempt: 1, shown: [], ageMs: 0 },
    complete("Stopped."),
    async () => {},
    holding(),
  );
  expect(botTexts(double, 7)).toEqual(["Stopped."]);
});

test("a group is shown no drafts", async () => {
  const double = await telegram();
  const { show } = await asked(double, { chat: -5, text: "@parley_bot hi" });
  await show({ text: "" });
  await show({ text: "Hel" });
  expect(double.callsOf("sendMessageDraft")).toEqual([]);
  expect(botTexts(double, -5)).toEqual(["Hel"]);
});
