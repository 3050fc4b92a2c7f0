import { expect, test } from "vitest";
import { until } from "../until.ts";
import { type Started, startDiscord } from "./start-discord.ts";

const menu = "Ask about this";

/** Bob's message, about which Ada chooses to ask. */
async function choose(started: Started, channel: string): Promise<string> {
  const { discord } = started;
  await until(() => discord.commands().length > 0, "registering");
  const attachments = [discord.upload({ filename: "plan.txt", contentType: "text/plain", bytes: Buffer.from("x") })];
  const messageId = discord.say({ channel, author: "Bob", content: "Shall we?", more: { attachments } });
  const id = discord.choose({ messageId, author: "Ada", name: menu });
  await until(() => discord.calls.some(({ path, status }) => path.includes(id) && status === 204), "the form");
  return messageId;
}

test("a question about a message quotes it, with what came with it", async () => {
  const started = await startDiscord();
  const { discord, heard, kept } = started;
  const channel = discord.serverChannel();
  await choose(started, channel);
  expect(kept).toEqual([]);
  discord.submit("Ada", "What does he mean?");
  const question = await heard("What does he mean?");
  expect(question).toMatchObject({
    author: { name: "Ada" },
    audience: "group",
    replyTo: { author: "Bob", text: "Shall we?", attachments: [{ name: "plan.txt" }] },
  });
  await started.show(question, { text: "He wants to go.", end: "complete" });
  expect(discord.transcript(channel).at(-1)?.content).toBe("He wants to go.");
});

test("a question about a message that was passed on quotes what it passed on", async () => {
  const { discord, heard } = await startDiscord();
  const more = { message_snapshots: [{ message: { content: "The moon is cheese." } }] };
  const channel = discord.serverChannel();
  const messageId = discord.say({ channel, author: "Bob", content: "", more });
  const id = discord.choose({ messageId, author: "Ada", name: menu });
  await until(() => discord.calls.some(({ path, status }) => path.includes(id) && status === 204), "the form");
  discord.submit("Ada", "Is it?");
  expect(await heard("Is it?")).toMatchObject({ replyTo: { author: "Bob", text: "The moon is cheese." } });
});

test("a question whose form another process had opened reads the message again", async () => {
  const started = await startDiscord();
  const { discord, heard } = started;
  const channel = discord.serverChannel();
  const messageId = discord.say({ channel, author: "Bob", content: "Shall we?" });
  const components = [{ type: 18, component: { type: 4, custom_id: "question", value: "And?" } }];
  discord.interactRaw({ type: 5, channel, author: "Ada", data: { custom_id: `ask:${messageId}`, components } });
  expect(await heard("And?")).toMatchObject({ replyTo: { author: "Bob", text: "Shall we?" } });
});

test("a question about a message that is gone says that it cannot be taken", async () => {
  const started = await startDiscord();
  const { discord, kept } = started;
  const channel = discord.serverChannel();
  const components = [{ type: 18, component: { type: 4, custom_id: "question", value: "And?" } }];
  discord.interactRaw({ type: 5, channel, author: "Ada", data: { custom_id: "ask:12345678901234567890", components } });
  await until(() => discord.transcript(channel).some(({ content }) => content.startsWith("Sorry")), "the apology");
  expect(kept).toEqual([]);
});

test("a question about a message that Discord does not tell in time holds nobody up", async () => {
  const started = await startDiscord();
  const { discord, heard } = started;
  const channel = discord.serverChannel();
  const messageId = discord.say({ channel, author: "Bob", content: "Shall we?" });
  const components = [{ type: 18, component: { type: 4, custom_id: "question", value: "And?" } }];
  discord.failNext({ method: "GET", path: new RegExp(`/messages/${messageId}$`) }, { status: 503 }, 1_000);
  discord.interactRaw({ type: 5, channel, author: "Ada", data: { custom_id: `ask:${messageId}`, components } });
  discord.say({ channel: discord.dm("Ben"), author: "Ben", content: "hello" });
  await heard("hello");
  await until(() => discord.transcript(channel).some(({ content }) => content.startsWith("Sorry")), "the apology");
});

test("people ask about messages where the bot is no member", async () => {
  const started = await startDiscord();
  const { discord, heard } = started;
  const channel = discord.outsideChannel();
  await choose(started, channel);
  discord.submit("Ada", "Well?");
  const question = await heard("Well?");
  expect(question).toMatchObject({ replyTo: { text: "Shall we?" } });
  await started.show(question, { text: "Yes.", end: "complete" });
  expect(discord.transcript(channel).at(-1)?.content).toBe("Yes.");
});
