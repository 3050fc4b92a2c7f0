import { afterEach, expect, test, vi } from "vitest";
import { writePacer } from "../../src/channels/telegram/pace-writes.ts";
import { ChannelError } from "../../src/conversation/domain/errors.ts";
import type { ChannelMessage } from "../../src/conversation/domain/message.ts";
import { inProcessWire } from "../../src/store/in-process/in-process-wire.ts";
import type { TelegramDouble } from "../doubles/telegram-double.ts";
import { holding } from "../holding.ts";
import { until } from "../until.ts";
import {
  asked,
  botTexts,
  channelTo,
  complete,
  pausesOver,
  telegram,
  type TestChannel,
  turnOf,
} from "./open-telegram.ts";

afterEach(() => void vi.useRealTimers());

const refusal = (retryAfter: number) => ({
  status: 429,
  description: `Too Many Requests: retry after ${retryAfter}`,
  retryAfter,
});

function directMessage(double: TelegramDouble, chat: number): ChannelMessage {
  const messageId = double.say({ chat, text: "Hi" });
  return {
    channel: "telegram",
    room: `42/${chat}`,
    id: String(messageId),
    author: { id: String(chat), name: "Ann" },
    text: "Hi",
    audience: "direct",
    address: { chatId: chat, messageId },
    sentAtMs: 0,
  };
}

/** Shows an answer as the inbox does: put back for as long as the platform asks. Returns the number of attempts. */
async function answer(channel: TestChannel, message: ChannelMessage, text: string): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const turn = { ...turnOf(message), id: message.room, attempt };
    try {
      await channel.show(turn, complete(text), async () => {}, holding());
      return attempt;
    } catch (error) {
      if (!(error instanceof ChannelError) || !error.retryable) throw error;
      await new Promise((resolve) => setTimeout(resolve, error.retryAfterMs));
    }
  }
}

test("each 429 in a chat makes its drafts slower, and only its own", async () => {
  const double = await telegram();
  const { show, channel, message } = await asked(double, { chat: 7, text: "Hi" });
  for (const times of [2, 4]) {
    double.failNext("sendMessage", refusal(1));
    await expect(show(complete("Hello."))).rejects.toBeInstanceOf(ChannelError);
    expect(channel.editIntervalMs(message)).toBe(times * 1_000);
    await until(() => show(complete("Hello.")).catch(() => false), "the end of the pause");
  }
  expect(channel.editIntervalMs(directMessage(double, 8))).toBe(1_000);
});

test("chats that are refused for themselves hold up no other", async () => {
  const double = await telegram();
  const channel = channelTo(double);
  const answers: Promise<unknown>[] = [];
  for (const chat of [1, 2, 3, 4, 5, 6]) {
    if (chat % 2 === 0) double.failNext("sendMessage", refusal(3));
    const startedAtMs = Date.now();
    const done = answer(channel, directMessage(double, chat), `Hello ${chat}`);
    answers.push(done);
    await (chat % 2 === 0 ? until(() => double.callsOf("sendMessage").length >= chat, "the refusal") : done);
    if (chat % 2 === 1) expect(Date.now() - startedAtMs).toBeLessThan(2_500);
  }
  await Promise.all(answers);
  expect(double.duplicates).toEqual([]);
});

test("when the whole bot is refused, it slows down, and every answer arrives once", async () => {
  const double = await telegram({ floodLimits: true, botPerSecond: 20 });
  const channel = channelTo(double);
  const people = Array.from({ length: 50 }, (_, index) => index + 1);
  await Promise.all(people.map((chat) => answer(channel, directMessage(double, chat), `Hello ${chat}`)));
  for (const chat of people) expect(botTexts(double, chat)).toEqual([`Hello ${chat}`]);
  expect(double.callsOf("sendMessage").length).toBeLessThan(150);
});

test("while the whole bot is refused, drafts are left out, answers are put back, and nobody sleeps on it", async () => {
  const double = await telegram();
  const channel = channelTo(double);
  for (const chat of [1, 2, 3]) {
    double.failNext("sendMessage", refusal(30));
    const shown = channel.show(turnOf(directMessage(double, chat)), complete("Hello."), async () => {}, holding());
    await expect(shown).rejects.toBeInstanceOf(ChannelError);
  }
  const calls = double.calls.length;
  const turn = turnOf(directMessage(double, 4));
  const show = (reply: Parameters<TestChannel["show"]>[1]) => channel.show(turn, reply, async () => {}, holding());
  expect(await show({ text: "" })).toEqual([]);
  expect(await show({ text: "Hel" })).toEqual([]);
  const startedAtMs = Date.now();
  const error = await show(complete("Hello.")).catch((error: unknown) => error);
  expect(error).toMatchObject({ retryable: true });
  expect((error as ChannelError).retryAfterMs).toBeGreaterThan(20_000);
  expect(Date.now() - startedAtMs).toBeLessThan(5_000);
  expect(double.calls).toHaveLength(calls);
});

test("three chats that are banned for an hour silence the others for half a minute, then an answer shows how it is", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const double = await telegram();
  const channel = channelTo(double);
  const show = (chat: number) =>
    channel.show(turnOf(directMessage(double, chat)), complete("Hello."), async () => {}, holding());
  const refused = async (chat: number) => {
    double.failNext("sendMessage", refusal(3_600));
    await expect(show(chat)).rejects.toMatchObject({ retryable: true });
  };
  for (const chat of [1, 2, 3]) await refused(chat);
  const error = await show(4).catch((error: unknown) => error);
  expect((error as ChannelError).retryAfterMs).toBeLessThanOrEqual(30_000);
  expect(botTexts(double, 4)).toEqual([]);
  vi.advanceTimersByTime(30_000);
  await show(4);
  expect(botTexts(double, 4)).toEqual(["Hello."]);

  for (const chat of [5, 6, 7]) await refused(chat);
  const calls = double.callsOf("sendMessage").length;
  await expect(show(8)).rejects.toMatchObject({ retryable: true });
  vi.advanceTimersByTime(30_000);
  await expect(show(1)).rejects.toMatchObject({ retryable: true }); // its own hour goes on
  expect(double.callsOf("sendMessage")).toHaveLength(calls);
});

test("what one instance is told of the whole bot, another keeps to as well", async () => {
  const double = await telegram();
  const wire = inProcessWire();
  const [first, second] = [
    channelTo(double, { pauses: pausesOver(wire) }),
    channelTo(double, { pauses: pausesOver(wire) }),
  ];
  for (const chat of [1, 2, 3]) {
    double.failNext("sendMessage", refusal(30));
    const shown = first.show(turnOf(directMessage(double, chat)), complete("Hello."), async () => {}, holding());
    await expect(shown).rejects.toBeInstanceOf(ChannelError);
  }
  const calls = double.calls.length;
  const turn = turnOf(directMessage(double, 4));
  expect(await second.show(turn, { text: "Hel" }, async () => {}, holding())).toEqual([]);
  await expect(second.show(turn, complete("Hello."), async () => {}, holding())).rejects.toMatchObject({
    retryable: true,
  });
  expect(double.calls).toHaveLength(calls);
});

test("drafts leave room for answers", async () => {
  const double = await telegram({ knowsDrafts: false });
  const { show, channel } = await asked(double, { chat: 7, text: "Hi" });
  const startedAtMs = Date.now();
  let shown = await show({ text: "0" });
  for (let count = 1; count < 200; count += 1) shown = await show({ text: `${count}` }, shown);
  const perSecond = 30;
  const elapsedSeconds = (Date.now() - startedAtMs) / 1_000;
  expect(double.callsOf("editMessageText").length).toBeLessThan(perSecond / 2 + perSecond * elapsedSeconds + 1);
  for (const chat of [11, 12, 13]) expect(await answer(channel, directMessage(double, chat), "Hello.")).toBe(1);
  expect(await show(complete("Done."), shown)).toEqual(shown);
  expect(botTexts(double, 7)).toEqual(["Done."]);
});

test("a room that blocks the bot is not bothered again within the turn, and a new message opens it", async () => {
  const double = await telegram();
  const { show, channel, message } = await asked(double, { chat: 7, text: "Hi" });
  double.blocked.add(7);
  await expect(show({ text: "" })).rejects.toMatchObject({ retryable: false });
  const calls = double.calls.length;
  expect(await show({ text: "" })).toEqual([]);
  expect(await show({ text: "Hel" })).toEqual([]);
  expect(double.calls).toHaveLength(calls);
  await expect(show(complete("Hello."))).rejects.toMatchObject({ retryable: false });
  double.blocked.delete(7);
  const again = { ...turnOf({ ...message, id: "9" }), id: "another turn" };
  expect(await channel.show(again, { text: "Hel" }, async () => {}, holding())).toHaveLength(1);
});

test("typing that Telegram does not answer holds up no answer", async () => {
  const double = await telegram();
  const { show } = await asked(double, { chat: -7, from: 7, text: "@parley_bot hi" });
  double.failNext("sendChatAction", "hang");
  const typing = show({ text: "" });
  const first = Promise.race([typing.then(() => "typing"), show(complete("Hello.")).then(() => "the answer")]);
  expect(await first).toBe("the answer");
  expect(await typing).toEqual([]);
});

test("after quiet minutes answers are not paced any more", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const pacer = writePacer(pausesOver());
  const refuseAll = () => [1, 2, 3].forEach((chat) => pacer.refused(chat, 1_000));
  refuseAll();
  expect(pacer.isClosed()).toBe(true);
  vi.advanceTimersByTime(1_001);
  expect([pacer.isClosed(), pacer.isLow()]).toEqual([false, true]);
  refuseAll();
  vi.advanceTimersByTime(60_000);
  expect(pacer.isLow()).toBe(true);
  vi.advanceTimersByTime(4 * 60_000);
  expect(pacer.isLow()).toBe(false);
});
