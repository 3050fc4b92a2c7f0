import { afterEach, expect, test } from "vitest";
import type { DiscordDouble, DoubleOptions } from "../doubles/discord-double.ts";
import { until } from "../until.ts";
import { type DiscordWorld, openDiscordWorld } from "./open-discord-world.ts";
import type { Parley } from "./start-parley.ts";

let world: DiscordWorld;
let discord: DiscordDouble;
let mention: string;

/** Opens the world, and starts Parley in it. */
async function open(more?: DoubleOptions): Promise<Parley> {
  world = await openDiscordWorld(more);
  ({ discord } = world);
  mention = `<@${discord.botId}>`;
  return await start();
}
async function start(): Promise<Parley> {
  const parley = await world.startBot();
  await until(() => discord.connected() > 0, "Discord is connected", 30_000);
  return parley;
}
afterEach(() => world.close());

const answers = (channel: string) =>
  discord.transcript(channel).flatMap(({ author, content }) => (author === "parley" && content ? [content] : []));
const untilAnswered = (channel: string, texts: readonly string[]) =>
  until(() => answers(channel).join("|") === texts.join("|"), texts.join("|"), 30_000).catch(() =>
    expect(answers(channel)).toEqual(texts),
  );
const asked = () => world.ai.requests.at(-1)?.body.messages.map(({ content }) => content);

test("a question that is changed is answered anew in place; a preview of its link changes nothing", async () => {
  await open();
  const channel = discord.dm("Ada");
  const question = discord.say({ channel, author: "Ada", content: "Hullo" });
  await untilAnswered(channel, ["You said: Hullo"]);
  discord.unfurl(question);
  discord.edit(question, "Hello");
  await untilAnswered(channel, ["You said: Hello"]);
  discord.unfurl(question);
  discord.say({ channel, author: "Ada", content: "thanks" });
  await untilAnswered(channel, ["You said: Hello", "You said: thanks"]);
  expect(asked()?.slice(1)).toEqual(["Hello", "You said: Hello", "thanks"]);
  expect(world.ai.requestCount).toBe(3);
});

test("a question that is changed while its answer is written is answered anew in place, also where another one waits", async () => {
  await open();
  const channel = discord.dm("Ada");
  world.ai.answer = ({ body }) => `To “${body.messages.at(-1)?.content.split("\n").at(-1)}”.`;
  world.ai.hold();
  const question = discord.say({ channel, author: "Ada", content: "Hullo" });
  await until(() => world.ai.requestCount === 1, "the AI is asked", 30_000);
  const waiting = discord.say({ channel, author: "Ada", content: "And I?" });
  await until(() => discord.reactions(waiting).includes("👀"), "it is noted", 30_000);
  discord.edit(question, "Hello");
  discord.edit(waiting, "And Bob?");
  await until(() => answers(channel).length > 0, "the first answer is stopped", 30_000);
  world.ai.release();
  await untilAnswered(channel, ["To “Hello”.", "To “And Bob?”."]);
  await until(() => discord.reactions(waiting).length === 0, "the sign is taken away", 30_000);
});

test("a question that is taken back takes its answer with it, also in a thread and after a restart", async () => {
  const parley = await open();
  const channel = discord.serverChannel();
  const thread = discord.say({ channel, author: "Ada", content: `${mention} one` });
  await untilAnswered(thread, ["You said: Ada: one"]);
  const second = discord.say({ channel: thread, author: "Ada", content: "two" });
  await untilAnswered(thread, ["You said: Ada: one", "You said: Ada: two"]);
  discord.remove(second);
  await untilAnswered(thread, ["You said: Ada: one"]);
  await parley.stop();
  await start();
  discord.removeTogether([thread]);
  await untilAnswered(thread, []);
  discord.say({ channel: thread, author: "Ada", content: "three" });
  await untilAnswered(thread, ["You said: Ada: three"]);
  expect(asked()?.slice(1)).toEqual(["Ada: three"]);
});

test("what is written while an answer runs is noted with a sign, and answered after it", async () => {
  await open();
  world.ai.hold();
  const channel = discord.dm("Ada");
  discord.say({ channel, author: "Ada", content: "one" });
  await until(() => world.ai.requestCount === 1, "the AI is asked", 30_000);
  const second = discord.say({ channel, author: "Ada", content: "and more" });
  await until(() => discord.reactions(second).includes("👀"), "the sign", 30_000);
  world.ai.release();
  await untilAnswered(channel, ["You said: one", "You said: and more"]);
  await until(() => discord.reactions(second).length === 0, "the sign is taken away", 30_000);
});

test("a long paste that comes in several messages is one question", async () => {
  await open();
  const channel = discord.dm("Ada");
  const pieces = ["a".repeat(1_950), "b".repeat(1_950), "the end"];
  for (const content of pieces) discord.say({ channel, author: "Ada", content });
  await until(() => answers(channel).length > 0, "an answer", 30_000);
  expect(asked()?.at(-1)).toBe(pieces.join("\n"));
  expect(world.ai.requestCount).toBe(1);
});

test("a piece of a long paste that is changed asks all of it anew, and one that is taken back takes all of it with it", async () => {
  await open();
  const channel = discord.dm("Ada");
  world.ai.answer = ({ body }) => `To ${body.messages.at(-1)?.content.replaceAll(/(\w)\1+/g, "$1")}`;
  const pieces = ["a".repeat(1_950), "b".repeat(1_950), "the end"];
  const [, second = "", third = ""] = pieces.map((content) => discord.say({ channel, author: "Ada", content }));
  await untilAnswered(channel, ["To a\nb\nthe end"]);
  discord.edit(third, "The End");
  await untilAnswered(channel, ["To a\nb\nThe End"]);
  discord.remove(second);
  await untilAnswered(channel, []);
  discord.say({ channel, author: "Ada", content: "thanks" });
  await untilAnswered(channel, ["To thanks"]);
  expect(asked()?.slice(1)).toEqual(["thanks"]);
});

test("without the intent to read every message, the first answer in a thread says that it must be mentioned", async () => {
  await open({ messageContent: false });
  const channel = discord.serverChannel();
  const thread = discord.say({ channel, author: "Ada", content: `${mention} hello` });
  const note = "*(I see only what mentions me: so mention me here too)*";
  await untilAnswered(thread, [`You said: Ada: hello\n\n${note}`]);
  discord.say({ channel: thread, author: "Ada", content: "do you hear me?" });
  discord.say({ channel: thread, author: "Ada", content: `${mention} and now?` });
  await untilAnswered(thread, [`You said: Ada: hello\n\n${note}`, "You said: Ada: and now?"]);
});

test("a short answer comes at once and whole, without a placeholder before it", async () => {
  await open();
  const channel = discord.dm("Ada");
  discord.say({ channel, author: "Ada", content: "hi" });
  await untilAnswered(channel, ["You said: hi"]);
  const shown = discord.calls.filter(({ path }) => path.startsWith(`/channels/${channel}/messages`));
  expect(shown.map(({ method }) => method)).toEqual(["POST"]);
});
