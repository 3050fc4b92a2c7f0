import { expect, test } from "vitest";
import type { ChannelMessage } from "../../src/conversation/domain/message.ts";
import type { Reply } from "../../src/conversation/domain/reply.ts";
import type { Turn } from "../../src/conversation/domain/turn.ts";
import type { TelegramDouble } from "../doubles/telegram-double.ts";
import { holding } from "../holding.ts";
import { until } from "../until.ts";
import { channelTo, complete, listening, telegram, type TestChannel, turnOf } from "./open-telegram.ts";

const ann = { id: 7, first_name: "Ann", language_code: "de" };
const group = { id: -1_000_000_000_005 };

function showOn(channel: TestChannel, message: ChannelMessage) {
  return (reply: Reply, shown: readonly string[] = [], more: Partial<Turn> = {}) =>
    channel.show({ ...turnOf(message, shown), ...more }, reply, async () => {}, holding());
}

/** Ann asks in a chat that we are no member of, and sends what is offered. */
async function chosen(double: TelegramDouble, query: string) {
  const channel = channelTo(double, { inline: true });
  const { kept, close } = listening(channel);
  await until(() => channel.health().state === "connected", "the connection");
  const id = double.ask(ann, query);
  await until(() => double.inline.offers.get(id), "the offer");
  double.choose(ann, id);
  const message = await until(() => kept[0], "the question");
  await until(() => double.pendingUpdates === 0, "the confirmation");
  await close();
  return { channel, message, show: showOn(channel, message) };
}

async function summoned(double: TelegramDouble, text = "@parley_bot is it so?") {
  const channel = channelTo(double, { guests: true });
  const { kept, close } = listening(channel);
  await until(() => channel.health().state === "connected", "the connection");
  double.summon({ chat: group, from: ann, text });
  const message = await until(() => kept[0], "the question");
  await until(() => double.pendingUpdates === 0, "the confirmation");
  await close();
  return { channel, message, show: showOn(channel, message) };
}

const messages = (double: TelegramDouble) => [...double.inline.messages.values()].map(({ text }) => text);

test("when both are off, Telegram is not even asked for such updates", async () => {
  const double = await telegram();
  const { kept } = listening(channelTo(double));
  await until(() => double.callsOf("getUpdates").length > 0, "the poll");
  expect(double.callsOf("getUpdates")[0]?.params["allowed_updates"]).toEqual([
    "message",
    "edited_message",
    "callback_query",
    "stopped_message_generation",
  ]);
  double.ask(ann, "Why?");
  double.summon({ chat: group, from: ann, text: "@parley_bot why?" });
  double.say({ chat: 7, text: "Hi" });
  await until(() => kept.length > 0, "the message");
  expect(kept.map(({ text }) => text)).toEqual(["Hi"]);
  expect(double.callsOf("answerInlineQuery")).toEqual([]);
});

test("who types “@bot question” is offered, in their language and for them alone, a message that becomes the answer", async () => {
  const double = await telegram();
  const { message, show } = await chosen(double, "Why is the sky blue?");
  const [offer] = [...double.inline.offers.values()];
  expect(offer).toMatchObject({
    is_personal: true,
    results: [{ title: "Parley fragen", description: "Why is the sky blue?" }],
  });
  expect(message).toMatchObject({
    author: { id: "7", name: "Ann" },
    audience: "group",
    language: "de",
    text: "Why is the sky blue?",
  });
  expect(messages(double)).toEqual(["❓ Why is the sky blue?\n\n💭"]);
  const shown = await show({ text: "" });
  await show({ text: "Light **scat" }, shown);
  expect(messages(double)).toEqual(["Why is the sky blue?\n\nLight scat"]);
  expect(await show(complete("Light **scatters**."), shown)).toEqual(shown);
  const [answer] = [...double.inline.messages.values()];
  expect(answer?.text).toBe("Why is the sky blue?\n\nLight scatters.");
  expect(answer?.entities.map(({ type }) => type)).toEqual(["blockquote", "bold"]);
  expect(answer?.buttons.flat()).toEqual([{ text: "Schreib mir", url: "https://t.me/parley_bot" }]);
  expect(await show(complete("Light **scatters**."), shown)).toEqual(shown);
});

test("two questions are two rooms, and an empty one is offered nothing but to write to us", async () => {
  const double = await telegram();
  const first = await chosen(double, "One?");
  const second = await chosen(double, "Two?");
  expect(first.message.room).not.toBe(second.message.room);
  listening(second.channel);
  const id = double.ask(ann, "  ");
  const offer = await until(() => double.inline.offers.get(id), "the answer");
  expect(offer).toMatchObject({ results: [], button: { start_parameter: "inline" } });
});

test("a guest thinks at once, in a message that grows and becomes the answer, also on another instance", async () => {
  const double = await telegram();
  const { message, show } = await summoned(double);
  expect(message).toMatchObject({ text: "is it so?", audience: "group", author: { id: "7" } });
  expect(message.room).toMatch(/\/guest\//);
  const [thinking, growing] = await Promise.all([show({ text: "" }), show({ text: "It" })]);
  expect(growing).toEqual(thinking);
  expect(messages(double)).toEqual(["It"]);
  const other = showOn(channelTo(double), message);
  expect(await other(complete("It is."), growing, { attempt: 2 })).toEqual(growing);
  expect(messages(double)).toEqual(["It is."]);
  expect(double.callsOf("answerGuestQuery")).toHaveLength(1);
});

test("a guest whose query is used up has no room any more", async () => {
  const double = await telegram();
  const { show } = await summoned(double);
  await show({ text: "It" });
  const { message } = await summoned(double);
  double.failNext("answerGuestQuery", { status: 400, description: "Bad Request: QUERY_ID_INVALID" });
  const other = showOn(channelTo(double), message);
  await expect(other(complete("It is."), [], { id: "9" })).rejects.toMatchObject({ retryable: false });
});

test("an answer that does not fit into one message is cut, and says where the rest is", async () => {
  const double = await telegram();
  const { show } = await summoned(double);
  await show(complete("A sentence of some words. ".repeat(900)));
  const [text = ""] = messages(double);
  expect(text).toMatch(/^A sentence of some words\..*schreib mir/is);
  expect(text.length).toBeLessThanOrEqual(4_096);
});

test("an answer calls nobody, least of all another bot", async () => {
  const double = await telegram();
  const { show } = await summoned(double);
  await show(complete("Ask @other_bot."));
  expect(messages(double)).toEqual(["Ask ＠other_bot."]);
});

test("such a message is left alone for as long as Telegram asked", async () => {
  const double = await telegram();
  const { show } = await chosen(double, "Why?");
  double.failNext("editMessageText", { status: 429, description: "Too Many Requests: retry after 9", retryAfter: 9 });
  await expect(show(complete("So."))).rejects.toMatchObject({ retryable: true, retryAfterMs: 9_000 });
  const calls = double.callsOf("editMessageText").length;
  await expect(show(complete("So."))).rejects.toMatchObject({ retryable: true });
  expect(double.callsOf("editMessageText")).toHaveLength(calls);
});

test("bots are no guests' hosts, and a mode that @BotFather has off is told to the operator", async () => {
  const double = await telegram({ allowsGuests: false });
  const channel = channelTo(double, { guests: true });
  const { kept } = listening(channel);
  await until(() => double.callsOf("getUpdates").length > 0, "the poll");
  double.summon({ chat: group, from: { id: 9, is_bot: true, first_name: "Echo" }, text: "@parley_bot hello" });
  double.say({ chat: 7, text: "Hi" });
  await until(() => kept.length > 0, "the message");
  expect(kept.map(({ text }) => text)).toEqual(["Hi"]);
  expect(channel.reports.join()).toContain("TELEGRAM_GUESTS");
});
