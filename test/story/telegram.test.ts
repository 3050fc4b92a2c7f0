import { afterEach, beforeEach, expect, test } from "vitest";
import type { TelegramDouble } from "../doubles/telegram-double.ts";
import { findFreePort } from "../setup/find-free-port.ts";
import { redisUrl } from "../setup/redis.ts";
import { until } from "../until.ts";
import { openTelegramWorld, type TelegramWorld } from "./open-telegram-world.ts";

let world: TelegramWorld;
let telegram: TelegramDouble;

beforeEach(async () => {
  world = await openTelegramWorld();
  ({ telegram } = world);
});
afterEach(() => world.close());

const botSaid = (chat: number) =>
  telegram
    .transcript(chat)
    .filter(({ fromBot }) => fromBot)
    .map(({ text }) => text);
const untilSaid = (chat: number, text: string | RegExp) =>
  until(
    () => botSaid(chat).find((said) => (typeof text === "string" ? said === text : text.test(said))),
    `“${text}”`,
    30_000,
  );

const ada = { id: 501, first_name: "Ada" };
const bob = { id: 502, first_name: "Bob" };
const group = { id: -1001, type: "supergroup" as const, title: "Friends" };

test("a private message is answered, /model changes who answers, /reset forgets", async () => {
  world.ai.models = ["test-model", "claude-3-opus"];
  await world.startBot();
  telegram.say({ chat: 501, text: "Hello!" });
  await untilSaid(501, "You said: Hello!");
  telegram.say({ chat: 501, text: "/model claude-3-opus" });
  await untilSaid(501, "Model set to: claude-3-opus");
  telegram.say({ chat: 501, text: "who?" });
  await untilSaid(501, "You said: who?");
  expect(world.ai.requests.at(-1)?.body.model).toBe("claude-3-opus");
  telegram.say({ chat: 501, text: "/reset" });
  await untilSaid(501, "Conversation reset! Starting fresh.");
  telegram.say({ chat: 501, text: "again" });
  await untilSaid(501, "You said: again");
  expect(world.ai.requests.at(-1)?.body.messages).toHaveLength(2);
});

test("in a group it answers who mentions it or replies to it, as a reply, and knows who speaks", async () => {
  await world.startBot();
  await until(() => telegram.callsOf("getUpdates").length > 0, "it polls", 30_000);
  telegram.say({ chat: group, from: ada, text: "nobody asked you" });
  const asked = telegram.say({ chat: group, from: ada, text: "@parley_bot I am Ada" });
  await untilSaid(group.id, "You said: Ada: I am Ada");
  const answer = telegram.transcript(group.id).find(({ fromBot }) => fromBot);
  expect(answer?.replyTo).toBe(asked);

  telegram.say({ chat: group, from: bob, text: "and I am Bob", replyTo: answer?.id ?? 0 });
  await until(() => world.ai.requestCount === 2, "Bob is heard", 30_000);
  const said = world.ai.requests.at(-1)?.body.messages.map(({ content }) => content);
  expect(said?.[1]).toBe("Ada: I am Ada");
  expect(said?.at(-1)).toMatch(/^Bob: [\s\S]*and I am Bob$/);
  telegram.say({ chat: group, from: bob, text: "/status@parley_bot" });
  await untilSaid(group.id, /Messages in this conversation: 4/);
});

test("by webhook it registers itself with a secret, and answers the same", async () => {
  const port = String(await findFreePort());
  const parley = await world.startBot({ PORT: port, TELEGRAM_WEBHOOK_URL: `http://127.0.0.1:${port}` });
  await until(() => telegram.webhookUrl !== "", "the webhook is registered", 30_000);
  telegram.say({ chat: 501, text: "Hello!" });
  await untilSaid(501, "You said: Hello!");
  const forged = await fetch(`${parley.url}/api/webhook/telegram`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-telegram-bot-api-secret-token": "guess" },
    body: "{}",
  });
  expect(forged.status).toBe(401);
  expect(telegram.callsOf("getUpdates")).toEqual([]);
});

test("an answer longer than a message comes whole, in several, with its code fences intact", async () => {
  const lines = Array.from({ length: 400 }, (_, line) => `const value${line} = ${line};`).join("\n");
  world.ai.answer = () => `Here it is:\n\n\`\`\`ts\n${lines}\n\`\`\`\n\nThat is all.`;
  await world.startBot();
  telegram.say({ chat: 501, text: "code, please" });
  await untilSaid(501, /That is all\.$/);
  const said = telegram.transcript(501).filter(({ fromBot }) => fromBot);
  expect(said.length).toBeGreaterThan(1);
  for (let line = 0; line < 400; line++)
    expect(said.filter(({ text }) => text.includes(`value${line} = `))).toHaveLength(1);
  for (const { entities } of said) expect(entities.some(({ type }) => type === "pre")).toBe(true);
});

test("a growing answer in a group is one message that is edited, and typing shows before it", async () => {
  world.ai.answer = () => "one two three four five six seven eight nine ten eleven twelve";
  world.ai.hold();
  await world.startBot();
  await until(() => telegram.callsOf("getUpdates").length > 0, "it polls", 30_000);
  telegram.say({ chat: group, from: ada, text: "@parley_bot count" });
  await until(() => telegram.callsOf("sendChatAction").length > 0, "typing", 30_000);
  expect(botSaid(group.id)).toEqual([]);
  world.ai.release(3);
  await untilSaid(group.id, /^one/);
  world.ai.release();
  await untilSaid(group.id, "one two three four five six seven eight nine ten eleven twelve");
  const [shown, ...others] = telegram.transcript(group.id).filter(({ fromBot }) => fromBot);
  expect(others).toEqual([]);
  expect(shown?.edits).toBeGreaterThan(0);
});

test("a 429 of Telegram delays only the room it is about", async () => {
  await world.startBot();
  telegram.failNext("sendMessage", { status: 429, description: "Too Many Requests: retry after 8", retryAfter: 8 });
  telegram.say({ chat: 501, text: "slow" });
  await until(() => telegram.callsOf("sendMessage").length === 1, "the first is refused", 30_000);
  telegram.say({ chat: 502, text: "quick" });
  await untilSaid(502, "You said: quick");
  expect(botSaid(501)).toEqual([]);
  await untilSaid(501, "You said: slow");
  const [refused, sent, ...others] = telegram.callsOf("sendMessage").filter(({ params }) => params["chat_id"] === 501);
  expect(others).toEqual([]);
  expect((sent?.atMs ?? 0) - (refused?.atMs ?? 0)).toBeGreaterThanOrEqual(8_000);
});

test.skipIf(!redisUrl())(
  "what one instance is told to leave alone, the other leaves alone too: no call to the chat before its pause is over",
  async () => {
    world.ai.tokenMs = 400;
    world.ai.answer = () => "one two three four five six seven eight nine ten";
    const forum = { ...group, is_forum: true };
    for (let n = 0; n < 2; n++) await world.startBot({ TURNS_AT_ONCE: "1" });
    const hints = await world.hearHints();
    await until(() => telegram.callsOf("getUpdates").length > 0, "one polls", 30_000);
    telegram.failNext("sendMessage", { status: 429, description: "Too Many Requests: retry after 5", retryAfter: 5 });
    telegram.say({ chat: forum, from: ada, threadId: 11, text: "@parley_bot count" });
    await until(() => hints().includes("pause telegram"), "its first draft is refused, and all are told", 30_000);
    telegram.say({ chat: forum, from: bob, threadId: 12, text: "@parley_bot count too" });
    await until(() => world.ai.requestCount === 2, "the other instance has the other topic", 30_000);
    await until(
      () => botSaid(forum.id).filter((said) => said.endsWith("ten")).length === 2,
      "both are answered",
      30_000,
    );
    expect(botSaid(forum.id)).toHaveLength(2);
  },
);

test("someone who blocks the bot holds up nobody", async () => {
  await world.startBot();
  await until(() => telegram.callsOf("getUpdates").length > 0, "it polls", 30_000);
  telegram.blocked.add(501);
  telegram.say({ chat: 501, text: "answer me" });
  telegram.say({ chat: 502, text: "and me" });
  await untilSaid(502, "You said: and me");
  await until(
    async () => (await world.count("turns where state = 'parked'")) === 1,
    "the blocked turn is parked",
    30_000,
  );
});

test("a room that blocks the bot costs one question to the AI, whatever waits in it, and opens again with a new message", async () => {
  world.ai.hold();
  const parley = await world.startBot();
  await until(() => telegram.callsOf("getUpdates").length > 0, "it polls", 30_000);
  telegram.blocked.add(501);
  for (const text of ["one", "two", "three", "four"]) telegram.say({ chat: 501, text });
  await until(async () => (await world.count("turns")) === 4, "all are kept", 30_000);
  world.ai.release();
  await until(async () => (await world.count("turns where state = 'parked'")) === 4, "all are parked", 30_000);
  expect(world.ai.requestCount).toBe(1);
  expect(telegram.callsOf("sendMessage")).toHaveLength(1);
  expect(await world.count("turns where error like 'room was shut: %blocked by the user%'")).toBe(3);
  await until(() => parley.output().includes("a room is shut"), "the operator is told");

  telegram.blocked.delete(501);
  telegram.say({ chat: 501, text: "I am back" });
  await untilSaid(501, "You said: I am back");
  expect(botSaid(501)).toHaveLength(1);
});

test("too many messages are answered with one polite sentence", async () => {
  await world.startBot({ RATE_LIMIT_PER_MINUTE: "2" });
  for (const text of ["one", "two", "three", "four", "five"]) telegram.say({ chat: 501, text });
  await untilSaid(501, /a lot at once/);
  await untilSaid(501, "You said: two");
  await until(() => telegram.pendingUpdates === 0, "all are acknowledged", 30_000);
  expect(botSaid(501)).toHaveLength(3);
  expect(await world.count("turns where state = 'refused'")).toBe(2);
});

test("a wrong token turns Telegram off with a sentence, and leaves the rest running", async () => {
  const parley = await world.startBot({ TELEGRAM_TOKEN: "424242:another-token-than-the-doubles" });
  await until(() => /telegram is off: .*BotFather/i.test(parley.output()), "the operator is told", 30_000);
  expect(parley.output()).not.toContain("another-token-than-the-doubles");
  expect((await fetch(`${parley.url}/live`)).status).toBe(200);
  const ready = await fetch(`${parley.url}/ready`);
  expect(ready.status).toBe(503);
  expect(await ready.text()).toContain("telegram");
});

test("whoever uses Telegram in German is spoken to in German, and Bob beside them in English", async () => {
  await world.startBot({ RATE_LIMIT_PER_MINUTE: "3" });
  const hanna = { id: 501, first_name: "Hanna", language_code: "de" };
  telegram.say({ chat: 501, from: hanna, text: "/help" });
  await untilSaid(501, /Schreib mir einfach, und ich antworte\.[\s\S]*\/model NAME Das KI-Modell zeigen oder wählen/);
  world.ai.failNext(1, { status: 401, body: { error: { message: "Incorrect API key provided" } } });
  telegram.say({ chat: 501, from: hanna, text: "Hallo" });
  await untilSaid(501, /^⚠️ Die KI hat den Schlüssel dieses Bots abgelehnt\..* \(ref T\d+\)$/);
  telegram.say({ chat: 501, from: hanna, text: "/reset" });
  await untilSaid(501, "Gespräch zurückgesetzt! Wir fangen neu an.");
  telegram.say({ chat: 501, from: hanna, text: "Noch etwas" });
  await untilSaid(
    501,
    /^Das war viel auf einmal\. In \d+ Sekunden? nehme ich wieder Nachrichten von dir an\. Bitte schick dann/,
  );
  telegram.say({ chat: 502, from: bob, text: "/reset" });
  await untilSaid(502, "Conversation reset! Starting fresh.");
});
