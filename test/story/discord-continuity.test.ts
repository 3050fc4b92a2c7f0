import { afterEach, beforeEach, expect, test } from "vitest";
import type { DiscordDouble } from "../doubles/discord-double.ts";
import { until } from "../until.ts";
import { type DiscordWorld, openDiscordWorld } from "./open-discord-world.ts";

let world: DiscordWorld;
let discord: DiscordDouble;

beforeEach(async () => {
  world = await openDiscordWorld();
  ({ discord } = world);
});
afterEach(() => world.close());

const start = () => world.startBot();
const isConnected = () => until(() => discord.connected() > 0, "Discord is connected", 30_000);
const startConnected = async () => {
  const parley = await start();
  await isConnected();
  return parley;
};
const answers = (channel: string) =>
  discord.transcript(channel).flatMap(({ author, content }) => (author === "parley" && content ? [content] : []));
const said = (texts: readonly string[]) => texts.map((text) => `You said: ${text}`);
const untilAnswered = (channel: string, texts: readonly string[]) =>
  until(() => answers(channel).join() === said(texts).join(), `answers to ${texts.join(", ")}`, 40_000).catch(() =>
    expect(answers(channel)).toEqual(said(texts)),
  );

test("kill -9 while messages arrive: after the next start each is answered once, in order", async () => {
  const channel = discord.dm("Ada");
  const texts: string[] = [];
  const say = () => {
    texts.push(`message ${texts.length + 1}`);
    discord.say({ channel, author: "Ada", content: texts.at(-1) ?? "" });
  };
  for (let round = 0; round < 3; round++) {
    const parley = await startConnected();
    const before = answers(channel).length;
    for (let n = 0; n < 5; n++) say();
    await until(() => answers(channel).length > before, "the first of them is answered", 30_000);
    for (let n = 0; n < 5; n++) say();
    await parley.kill();
    await until(() => discord.connected() === 0, "Discord notices");
    say();
  }
  await startConnected();
  await untilAnswered(channel, texts);
  expect(discord.gateway.identifies).toBe(1);
});

test("a session that is lost with the process: what was missed is read from the rooms that we know", async () => {
  const [dm, server] = [discord.dm("Ada"), discord.serverChannel()];
  const mention = `<@${discord.botId}>`;
  const parley = await startConnected();
  discord.say({ channel: dm, author: "Ada", content: "before" });
  const thread = discord.say({ channel: server, author: "Ben", content: `${mention} before` });
  await until(() => answers(dm).length === 1 && answers(thread).length === 1, "both are answered", 30_000);

  await parley.kill();
  await until(() => discord.connected() === 0, "Discord notices");
  discord.forgetSessions();
  discord.say({ channel: dm, author: "Ada", content: "missed one" });
  discord.say({ channel: dm, author: "Ada", content: "missed two" });
  discord.say({ channel: server, author: "Ben", content: "not for the bot" });
  const missed = discord.say({ channel: server, author: "Ben", content: `${mention} missed` });
  discord.say({ channel: thread, author: "Eve", content: "and in the thread" });
  await startConnected();
  discord.say({ channel: dm, author: "Ada", content: "live" });
  await untilAnswered(dm, ["before", "missed one", "missed two", "live"]);
  await until(() => answers(missed).length === 1, "the mention is answered, in a thread", 30_000);
  await until(() => answers(thread).length === 2, "and so is the thread", 30_000);
  expect(answers(server)).toEqual([]);
  expect(discord.gateway.identifies).toBe(2);
});

test("of two instances one listens; when it is killed the other follows in seconds, and resumes", async () => {
  const channel = discord.dm("Ada");
  const first = await startConnected();
  const second = await start();
  await until(async () => (await (await fetch(`${second.url}/ready`)).text()).includes("standby"), "one stands by");
  discord.say({ channel, author: "Ada", content: "one" });
  await untilAnswered(channel, ["one"]);

  await first.kill();
  const killedAtMs = Date.now();
  discord.say({ channel, author: "Ada", content: "two" });
  await until(() => discord.gateway.resumes === 1, "the other resumes", 30_000);
  expect(Date.now() - killedAtMs).toBeLessThan(5_000);
  await untilAnswered(channel, ["one", "two"]);
  expect(discord.gateway.identifies).toBe(1);
});

test("ten restarts under messages cost one IDENTIFY, and no message", async () => {
  const channel = discord.dm("Ada");
  const texts: string[] = [];
  const say = (text: string) => {
    texts.push(text);
    discord.say({ channel, author: "Ada", content: text });
  };
  for (let round = 1; round <= 10; round++) {
    const parley = await startConnected();
    say(`during ${round}`);
    expect(await parley.stop()).toBe(0);
    say(`after ${round}`);
  }
  await startConnected();
  await untilAnswered(channel, texts);
  expect(discord.gateway).toMatchObject({ identifies: 1, resumes: 10 });
}, 240_000);

test("a rolling restart of two instances: at every moment somebody is connected, and what is written all the while is answered once", async () => {
  const rooms = ["Ada", "Ben", "Cleo"].map((author) => ({
    author,
    channel: discord.dm(author),
    texts: [] as string[],
  }));
  const instances = [await startConnected(), await start()];
  const talking = setInterval(() => {
    for (const { author, channel, texts } of rooms) {
      if (texts.length - answers(channel).length >= 10) continue; // on a busy machine people are patient
      texts.push(`message ${texts.length + 1}`);
      discord.say({ channel, author, content: texts.at(-1) ?? "" });
    }
  }, 150);
  try {
    for (let round = 1; round <= 3; round++) {
      const stopped = await instances.shift()?.stop();
      expect(stopped).toBe(0);
      instances.push(await start());
      await until(() => discord.gateway.resumes === round, "the other has resumed", 30_000);
    }
  } finally {
    clearInterval(talking);
  }
  for (const { channel, texts } of rooms) await untilAnswered(channel, texts);
  expect(discord.gateway).toMatchObject({ identifies: 1, resumes: 3, gapsMs: [] });
}, 240_000);

test("two shards are two receivers: each is connected once, over two instances", async () => {
  discord.gateway.shards = 2;
  await Promise.all([start(), start()]);
  await until(() => discord.connectedShards().join() === "0/2,1/2", "both shards", 30_000);
  const [dm, server] = [discord.dm("Ada"), discord.serverChannel()];
  discord.say({ channel: dm, author: "Ada", content: "hello" });
  const thread = discord.say({ channel: server, author: "Ben", content: `<@${discord.botId}> hello` });
  await untilAnswered(dm, ["hello"]);
  await until(() => answers(thread).length === 1, "the server is answered", 30_000);
  expect(discord.gateway.identifies).toBe(2);
});

test("Discord is away for a while: what was written meanwhile is answered once, and sends in doubt are settled", async () => {
  const channel = discord.dm("Ada");
  await startConnected();
  discord.chaos({ applyThenReset: 0.3, reset: 0.2, seed: 42 });
  const texts = Array.from({ length: 6 }, (_, n) => `message ${n + 1}`);
  for (const [n, content] of texts.entries()) {
    if (n === 2) discord.away();
    discord.say({ channel, author: "Ada", content });
  }
  await until(() => discord.connected() === 0, "it is away");
  discord.back();
  await untilAnswered(channel, texts);
  discord.chaos({});
});
