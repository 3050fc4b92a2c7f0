import { afterEach, beforeEach, expect, test } from "vitest";
import type { DiscordDouble } from "../doubles/discord-double.ts";
import { redisUrl } from "../setup/redis.ts";
import { until } from "../until.ts";
import { type DiscordWorld, openDiscordWorld } from "./open-discord-world.ts";
import type { Environment } from "./start-parley.ts";

let world: DiscordWorld;
let discord: DiscordDouble;

beforeEach(async () => {
  world = await openDiscordWorld({ rateLimit: { limit: 5, windowMs: 5_000 } });
  ({ discord } = world);
});
afterEach(() => world.close());

async function start(more?: Environment) {
  const parley = await world.startBot(more);
  await until(() => discord.connected() > 0, "Discord is connected", 30_000);
  return parley;
}
const botSaid = (channel: string) => discord.transcript(channel).filter(({ author }) => author === "parley");
const untilSaid = (channel: string, text: string | RegExp) =>
  until(
    () => botSaid(channel).find(({ content }) => (typeof text === "string" ? content === text : text.test(content))),
    `“${text}”`,
    30_000,
  );

test("a direct message is answered as a reply, and the conversation is remembered until /reset", async () => {
  await start();
  const channel = discord.dm("Ada");
  const question = discord.say({ channel, author: "Ada", content: "Hello!" });
  const answer = await untilSaid(channel, "You said: Hello!");
  expect(answer.reference).toBe(question);
  discord.say({ channel, author: "Ada", content: "again" });
  await untilSaid(channel, "You said: again");
  expect(world.ai.requests.at(-1)?.body.messages).toHaveLength(4);
  discord.say({ channel, author: "Ada", content: "/reset" });
  await untilSaid(channel, "Conversation reset! Starting fresh.");
  discord.say({ channel, author: "Ada", content: "anew" });
  await untilSaid(channel, "You said: anew");
  expect(world.ai.requests.at(-1)?.body.messages).toHaveLength(2);
});

test("on a server without threads it answers mentions and replies to it, and neither bots nor the rest", async () => {
  await start();
  const channel = discord.serverChannel();
  discord.deny(channel, "createPublicThreads");
  const mention = `<@${discord.botId}>`;
  discord.say({ channel, author: "Ada", content: "nobody asked you" });
  discord.say({ channel, author: "Robot", content: `${mention} let us loop`, bot: true });
  discord.say({ channel, author: "Ada", content: `${mention} I am Ada` });
  const answer = await untilSaid(channel, /I am Ada$/);
  discord.say({ channel, author: "Bob", content: "and I am Bob", reference: answer.id });
  await untilSaid(channel, /and I am Bob$/);
  expect(world.ai.requestCount).toBe(2);
  expect(world.ai.requests.at(-1)?.body.messages[1]?.content).toBe("Ada: I am Ada");
});

test("slash commands are registered, answered at once, and do the same as their text", async () => {
  world.ai.models = ["test-model", "claude-3-opus"];
  await start();
  const names = await until(
    () => discord.commands().length > 0 && discord.commands().map(({ name }) => name),
    "a menu",
    30_000,
  );
  expect(names).toEqual(expect.arrayContaining(["help", "model", "reset", "stop", "status"]));
  const channel = discord.dm("Ada");
  discord.interact({ channel, author: "Ada", command: "model", options: { name: "claude-3-opus" } });
  await untilSaid(channel, "Model set to: claude-3-opus");
  discord.say({ channel, author: "Ada", content: "who are you?" });
  await untilSaid(channel, "You said: who are you?");
  expect(world.ai.requests.at(-1)?.body.model).toBe("claude-3-opus");
});

test("a long answer comes in parts of at most 2,000 characters, and with a file of the whole; nobody is pinged", async () => {
  const lines = Array.from({ length: 300 }, (_, line) => `${line}. This is line number ${line} for @everyone.`);
  world.ai.answer = ({ body }) => lines.slice(0, Number(body.messages.at(-1)?.content)).join("\n");
  await start();
  const channel = discord.dm("Ada");
  discord.say({ channel, author: "Ada", content: "130" });
  await untilSaid(channel, /line number 129 /);
  const parts = botSaid(channel).map(({ content }) => content);
  expect(parts.length).toBeGreaterThan(2);
  expect(parts.every((part) => [...part].length <= 2_000)).toBe(true);
  const numbers = [...parts.join("\n").matchAll(/line number (\d+) /g)].map(([, number]) => Number(number));
  expect(numbers).toEqual(lines.slice(0, 130).map((_, line) => line));

  discord.say({ channel, author: "Ada", content: "300" });
  const last = await untilSaid(channel, /The whole answer is in this file/);
  expect(last.files).toEqual([{ name: "answer.md", text: lines.join("\n") }]);
  expect(botSaid(channel)).toHaveLength(parts.length + 4);
});

test("a connection that breaks loses and doubles nothing", async () => {
  await start();
  const channel = discord.dm("Ada");
  for (let n = 1; n <= 6; n++) {
    discord.say({ channel, author: "Ada", content: `message ${n}` });
    if (n % 2 === 0) discord.dropConnections();
  }
  await untilSaid(channel, "You said: message 6");
  expect(botSaid(channel).map(({ content }) => content)).toEqual(
    [1, 2, 3, 4, 5, 6].map((n) => `You said: message ${n}`),
  );
});

test("a part that arrived although its answer was lost stands once", async () => {
  await start();
  const channel = discord.dm("Ada");
  discord.failNext({ method: "POST", path: /messages$/ }, "apply-then-reset");
  discord.say({ channel, author: "Ada", content: "once" });
  await until(async () => (await world.count("turns where state = 'delivered'")) === 1, "it is delivered", 30_000);
  expect(botSaid(channel).map(({ content }) => content)).toEqual(["You said: once"]);
});

test.skipIf(!redisUrl())(
  "what one instance is told of the whole bot, the other keeps to: no call before the pause is over",
  async () => {
    world.ai.tokenMs = 400;
    world.ai.answer = () => "one two three four five six seven eight nine ten";
    for (let n = 0; n < 2; n++) await start({ TURNS_AT_ONCE: "1" });
    const hints = await world.hearHints();
    const body = { message: "You are being rate limited.", retry_after: 4, global: true };
    const headers = { "retry-after": "4", "x-ratelimit-global": "true", "x-ratelimit-scope": "global" };
    discord.failNext({ method: "POST", path: /messages$/ }, { status: 429, body, headers });
    const rooms = ["Ada", "Ben"].map((author) => ({ author, channel: discord.dm(author) }));
    for (const [n, { author, channel }] of rooms.entries()) {
      discord.say({ channel, author, content: "count" });
      await until(() => world.ai.requestCount === n + 1, `${author} is heard`, 30_000);
      await until(() => hints().includes("pause discord"), "the first draft is refused, and all are told", 30_000);
    }
    for (const { channel } of rooms) await untilSaid(channel, /ten$/);
  },
);

test("a person who takes no messages costs one question to the AI, and is answered again after a new message", async () => {
  world.ai.hold();
  await start();
  const channel = discord.dm("Ada");
  discord.shut.set(channel, 50_007);
  for (const content of ["one", "two", "three"]) discord.say({ channel, author: "Ada", content });
  await until(async () => (await world.count("turns")) === 3, "all are kept", 30_000);
  world.ai.release();
  await until(async () => (await world.count("turns where state = 'parked'")) === 3, "all are parked", 30_000);
  expect(world.ai.requestCount).toBe(1);
  expect(await world.count("turns where error like '%takes no direct messages%'")).toBe(3);

  discord.shut.delete(channel);
  discord.say({ channel, author: "Ada", content: "I am back" });
  await untilSaid(channel, "You said: I am back");
});

test("where the bot may not write, a slash command that waits is answered all the same", async () => {
  world.ai.hold();
  await start();
  const channel = discord.serverChannel();
  discord.deny(channel, "sendMessages", "createPublicThreads");
  discord.say({ channel, author: "Ada", content: `<@${discord.botId}> are you there?` });
  await until(() => world.ai.requestCount === 1, "the AI is asked", 30_000);
  discord.interact({ channel, author: "Ben", command: "help" });
  discord.say({ channel, author: "Ada", content: `<@${discord.botId}> hello?` });
  await until(async () => (await world.count("turns")) === 3, "all are kept", 30_000);
  world.ai.release();
  await untilSaid(channel, /\/model/);
  await until(async () => (await world.count("turns where state = 'parked'")) === 2, "the others are parked", 30_000);
  expect(world.ai.requestCount).toBe(1);
});

test("a wrong token turns Discord off with a sentence, and leaves the rest running", async () => {
  const parley = await world.startBot({ DISCORD_TOKEN: "a.wrong.token" });
  await until(() => /discord is off: .*DISCORD_TOKEN/i.test(parley.output()), "the operator is told", 30_000);
  expect(parley.output()).not.toContain("a.wrong.token");
  expect((await fetch(`${parley.url}/live`)).status).toBe(200);
});
