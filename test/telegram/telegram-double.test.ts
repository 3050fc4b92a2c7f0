import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { startTelegramDouble, type TelegramDouble } from "../doubles/telegram-double.ts";
import { until } from "../until.ts";
import { closing, telegram } from "./open-telegram.ts";

/** Calls a method as a bot does; the status, or "lost" when no answer comes. */
async function call(double: TelegramDouble, method: string, params: object): Promise<number | "lost"> {
  const body = JSON.stringify(params);
  const headers = { "content-type": "application/json" };
  return await fetch(`${double.url}/bot${double.token}/${method}`, { method: "POST", headers, body }).then(
    ({ status }) => status,
    () => "lost" as const,
  );
}

const send = (double: TelegramDouble, chat: number, text: string) =>
  call(double, "sendMessage", { chat_id: chat, text });

test("private chats and basic groups share one count of ids, a supergroup has its own", async () => {
  const double = await telegram();
  const ids = [7, 8, -5, -1_000_000_000_005, 7].map((chat) => double.say({ chat, text: "Hi" }));
  expect(ids).toEqual([1, 2, 3, 1, 4]);
  await send(double, 8, "Hello");
  expect(double.transcript(8).map(({ id }) => id)).toEqual([2, 5]);
});

test("a message of another chat cannot be edited by its id", async () => {
  const double = await telegram();
  double.say({ chat: 7, text: "Hi" });
  double.say({ chat: 8, text: "Hi" });
  await send(double, 8, "Hello");
  expect(await call(double, "editMessageText", { chat_id: 7, message_id: 3, text: "Hello" })).toBe(400);
});

test("the same seed brings the same faults to a room, and the ledger tells what was done", async () => {
  const outcomes: string[] = [];
  for (const double of [await telegram(), await telegram()]) {
    double.say({ chat: 7, text: "Hi" });
    double.chaos({ seed: 3, applyThenReset: 0.3, reset: 0.3, methods: ["sendMessage"] });
    const results: unknown[] = [];
    for (let count = 0; count < 20; count += 1) results.push(await send(double, 7, `Message ${count}`));
    double.chaos(undefined);
    const lost = results.filter((result) => result === "lost").length;
    const sent = double.ledger(7).filter(({ kind }) => kind === "sent").length;
    expect(lost).toBeGreaterThan(20 - sent);
    outcomes.push(JSON.stringify([results, sent]));
  }
  expect(outcomes[0]).toBe(outcomes[1]);
});

test("a second copy and a call during a ban are seen", async () => {
  const double = await startTelegramDouble({ floodLimits: false });
  closing.push(() => double.close());
  double.say({ chat: 7, text: "Hi" });
  for (let copy = 0; copy < 2; copy += 1) await send(double, 7, "Hello");
  expect(double.duplicates).toEqual(["7: “Hello” stands in 2, 3"]);
  double.failNext("sendMessage", { status: 429, description: "Too Many Requests: retry after 9", retryAfter: 9 });
  expect(await send(double, 7, "Hello")).toBe(429);
  expect(double.violations).toEqual([]);
  await until(async () => {
    expect(await call(double, "sendChatAction", { chat_id: 7, action: "typing" })).toBe(429);
    return double.violations.length > 0;
  }, "the violation");
});

test("two writes to a chat at once are seen, and typing beside a write is none", async () => {
  const double = await startTelegramDouble({ floodLimits: false });
  closing.push(() => double.close());
  double.say({ chat: 7, text: "Hi" });
  double.failNext("sendMessage", "hang");
  void send(double, 7, "Hello");
  await until(() => double.callsOf("sendMessage").length === 1, "the first is under way");
  await call(double, "sendChatAction", { chat_id: 7, action: "typing" });
  expect(double.violations).toEqual([]);
  await send(double, 7, "Hello again");
  await until(() => double.violations.length > 0, "the violation");
  await send(double, 7, "And again");
  expect(double.violations).toEqual(["sendMessage to 7 while sendMessage is under way"]);
});

test("who is away cannot be reached, and is the same when it is back", async () => {
  const double = await telegram();
  double.say({ chat: 7, text: "Hi" });
  await double.away();
  expect(await send(double, 7, "Hello")).toBe("lost");
  await double.back();
  await double.away("502");
  expect(await send(double, 7, "Hello")).toBe(502);
  await double.back();
  expect(await send(double, 7, "Hello")).toBe(200);
  expect(double.transcript(7)).toHaveLength(2);
});

test("deliveries come again when their acknowledgement is lost, and some come twice", async () => {
  const double = await telegram();
  const bodies: number[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      bodies.push((JSON.parse(Buffer.concat(chunks).toString()) as { update_id: number }).update_id);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(async () => void server.close());
  await call(double, "setWebhook", { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  double.chaos({ seed: 1, ackLost: 0.2, doubled: 0.2 });
  for (let chat = 1; chat <= 40; chat += 1) double.say({ chat, text: "Hi" });
  await until(() => double.pendingUpdates === 0, "all to be taken");
  expect(new Set(bodies).size).toBe(40);
  expect(bodies.length).toBeGreaterThan(45);
  double.redeliver(10);
  await until(() => double.pendingUpdates === 0, "the ten");
  expect(double.deliveries.length).toBe(bodies.length);
});
