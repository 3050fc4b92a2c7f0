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

async function start() {
  const parley = await world.startBot();
  await until(() => discord.connected() > 0, "Discord is connected", 30_000);
  return parley;
}
const answers = (channel: string) =>
  discord.transcript(channel).flatMap(({ author, content }) => (author === "parley" && content ? [content] : []));
const untilAnswered = async (channel: string, count: number) => {
  await until(() => answers(channel).length === count, `${count} answers`, 30_000);
  return answers(channel);
};

/** Asks for it, and confirms. */
async function forget(author: string, channel: string) {
  const before = answers(channel).length;
  discord.interact({ channel, author, command: "forget" });
  await untilAnswered(channel, before + 1);
  const asked = discord.transcript(channel).findLast(({ author: by }) => by === "parley");
  discord.press({ messageId: asked?.id ?? "", author, label: "🗑 Delete all of it" });
  await until(() => answers(channel).at(-1)?.includes("Deleted for good"), "all is deleted", 30_000);
}

test("after somebody wanted to be forgotten and a session was lost, everybody is still heard, threads too", async () => {
  await start();
  const [adas, bens, server] = [discord.dm("Ada"), discord.dm("Ben"), discord.serverChannel()];
  discord.say({ channel: adas, author: "Ada", content: "hello" });
  discord.say({ channel: bens, author: "Ben", content: "hello" });
  const thread = discord.say({ channel: server, author: "Ada", content: `<@${discord.botId}> hello` });
  for (const channel of [adas, bens, thread]) await untilAnswered(channel, 1);
  await forget("Ada", adas);

  discord.gateway.reachable = false;
  discord.dropConnections();
  await until(() => discord.connected() === 0, "the connection is gone");
  discord.forgetSessions();
  discord.say({ channel: bens, author: "Ben", content: "missed" });
  discord.say({ channel: thread, author: "Ben", content: "missed, and nobody mentioned" });
  discord.gateway.reachable = true;
  expect((await untilAnswered(bens, 2)).at(-1)).toBe("You said: missed");
  expect((await untilAnswered(thread, 2)).at(-1)).toBe("You said: Ben: missed, and nobody mentioned");
  discord.say({ channel: adas, author: "Ada", content: "live" });
  expect((await untilAnswered(adas, 3)).at(-1)).toBe("You said: live");
});

test("rooms and threads whose place an earlier version forgot hold nobody else up", async () => {
  await start();
  const [adas, bens, server] = [discord.dm("Ada"), discord.dm("Ben"), discord.serverChannel()];
  discord.say({ channel: adas, author: "Ada", content: "hello" });
  const thread = discord.say({ channel: server, author: "Ada", content: `<@${discord.botId}> hello` });
  for (const channel of [adas, thread]) await untilAnswered(channel, 1);
  await world.run(`update turns set message = message || '{"address": null}'`);

  discord.gateway.reachable = false;
  discord.dropConnections();
  await until(() => discord.connected() === 0, "the connection is gone");
  discord.forgetSessions();
  discord.gateway.reachable = true;
  await until(() => discord.connected() > 0, "a new session", 30_000);
  discord.say({ channel: bens, author: "Ben", content: "live" });
  discord.say({ channel: thread, author: "Ben", content: `<@${discord.botId}> and here?` });
  await untilAnswered(bens, 1);
  await untilAnswered(thread, 2);
});

test("a question that was forgotten can still be changed by whoever wrote it, and taken back", async () => {
  const parley = await start();
  const channel = discord.dm("Ada");
  const question = discord.say({ channel, author: "Ada", content: "hullo" });
  await untilAnswered(channel, 1);
  await forget("Ada", discord.serverChannel());
  await parley.stop();
  await start();
  discord.edit(question, "hello");
  await until(() => answers(channel).join() === "You said: hello", "the new answer", 30_000);
  expect(await world.count("users where channel_user_id = 'forgotten'")).toBe(0);
  discord.remove(question);
  await until(() => answers(channel).length === 0, "the answer goes", 30_000);
  expect(await world.count("turns where state = 'parked'")).toBe(0);
});

test("a question that was forgotten is not answered once more", async () => {
  await start();
  const channel = discord.dm("Ada");
  discord.say({ channel, author: "Ada", content: "hello" });
  await untilAnswered(channel, 1);
  await until(() => discord.transcript(channel).at(-1)?.buttons?.join().includes("Regenerate"), "the button", 30_000);
  await forget("Ada", discord.serverChannel());
  const answer = discord.transcript(channel).at(-1);
  discord.press({ messageId: answer?.id ?? "", author: "Ada", label: "🔄 Regenerate" });
  await until(() => answers(channel).join().includes("no answer here"), "it says so", 30_000);
  expect(await world.count("users where channel_user_id = 'forgotten'")).toBe(0);
});

test("an answer that somebody else had written once more is forgotten with its question; what they said is not", async () => {
  await start();
  const server = discord.serverChannel();
  world.ai.answer = () => "Ada's secret";
  const thread = discord.say({
    channel: server,
    author: "Ada",
    content: `<@${discord.botId}> what do you know of me?`,
  });
  await untilAnswered(thread, 1);
  discord.promote("Ben");
  for (const answer of ["Ada's secret once more", "and again Ada's secret"]) {
    world.ai.answer = () => answer;
    discord.interact({ channel: thread, author: "Ben", command: "regenerate" });
    await until(() => answers(thread).includes(answer), "it is answered once more", 30_000);
  }
  world.ai.answer = () => "Secrets of Ben";
  discord.say({ channel: thread, author: "Ben", content: "and of me?" });
  await until(() => answers(thread).includes("Secrets of Ben"), "Ben is answered", 30_000);
  await forget("Ada", discord.dm("Ada"));
  const words = (of: string) => world.count(`turns where message::text || coalesce(reply::text, '') like '%${of}%'`);
  expect(await words("Secrets of Ben")).toBe(1);
  for (const hers of ["Ada", discord.userId("Ada")])
    await until(async () => (await words(hers)) === 0, `nothing is left of ${hers}`);
});
