import { expect, test } from "vitest";
import { asked, telegram } from "./open-telegram.ts";

const signal = new AbortController().signal;

test("a message that waits is looked at, until it is taken", async () => {
  const double = await telegram();
  const { channel, message } = await asked(double, { chat: 7, text: "Hi" });
  await channel.mark?.(message, "queued", signal);
  expect(double.transcript(7)[0]?.reactions).toEqual(["👀"]);
  await channel.mark?.(message, "taken", signal);
  expect(double.transcript(7)[0]?.reactions).toEqual([]);
});

test("a group that allows no reactions is asked once", async () => {
  const double = await telegram();
  const chat = { id: -5, allowsReactions: false as const };
  const { channel, message } = await asked(double, { chat, text: "@parley_bot hi" });
  await expect(channel.mark?.(message, "queued", signal)).rejects.toMatchObject({ name: "ChannelError" });
  await channel.mark?.(message, "queued", signal);
  expect(double.callsOf("setMessageReaction")).toHaveLength(1);
});

test("a chat that Telegram wants left alone is, and one lost call is not held against it", async () => {
  const double = await telegram();
  const { channel, message } = await asked(double, { chat: 7, text: "Hi" });
  double.failNext("setMessageReaction", "reset");
  await expect(channel.mark?.(message, "queued", signal)).rejects.toMatchObject({ retryable: true });
  await channel.mark?.(message, "queued", signal);
  expect(double.transcript(7)[0]?.reactions).toEqual(["👀"]);
  const tooMany = { status: 429, description: "Too Many Requests: retry after 9", retryAfter: 9 };
  double.failNext("setMessageReaction", tooMany);
  await expect(channel.mark?.(message, "taken", signal)).rejects.toMatchObject({ retryAfterMs: 9_000 });
  await channel.mark?.(message, "taken", signal);
  expect(double.callsOf("setMessageReaction")).toHaveLength(3);
});

test("a message that was deleted needs no sign, and the next one of its chat gets it", async () => {
  const double = await telegram();
  const { channel, message } = await asked(double, { chat: 7, text: "never mind" });
  const next = await asked(double, { chat: 7, text: "this one" }, channel);
  double.remove(7, Number(message.id));
  await channel.mark?.(message, "queued", signal);
  await channel.mark?.(next.message, "queued", signal);
  expect(double.transcript(7).map(({ text, reactions }) => [text, reactions])).toEqual([["this one", ["👀"]]]);
});

test("a press is no message that could be marked", async () => {
  const double = await telegram();
  const { channel, message } = await asked(double, { chat: 7, text: "Hi" });
  await channel.mark?.({ ...message, about: { kind: "pressed", turnId: "1" } }, "queued", signal);
  expect(double.callsOf("setMessageReaction")).toEqual([]);
});
