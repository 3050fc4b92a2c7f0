import { expect, test } from "vitest";
import { startDiscord } from "./start-discord.ts";

test("typing and the answer, on their way at once, ask for the thread once, and stand where it said", async () => {
  const { discord, heard, show } = await startDiscord();
  const channel = discord.serverChannel();
  const question = discord.say({ channel, author: "Ada", content: `<@${discord.botId}> hello` });
  const refusal = { message: "Maximum number of active threads reached", code: 160_006 };
  discord.failNext({ method: "POST", path: /threads$/ }, { status: 400, body: refusal });
  const message = await heard("hello");
  await Promise.all([show(message, { text: "" }), show(message, { text: "Hi.", end: "complete" })]);
  expect(discord.transcript(channel).at(-1)).toMatchObject({ reference: question, content: "Hi." });
  expect(discord.calls.filter(({ path }) => path.endsWith("/threads"))).toHaveLength(1);
});

test("an answer asks for the thread once more when nobody heard what became of it while it was typing", async () => {
  const { discord, heard, show } = await startDiscord();
  const channel = discord.serverChannel();
  const thread = discord.say({ channel, author: "Ada", content: `<@${discord.botId}> hello` });
  discord.failNext({ method: "POST", path: /threads$/ }, { status: 503 }, 2);
  const message = await heard("hello");
  await Promise.allSettled([show(message, { text: "" }), show(message, { text: "Hi.", end: "complete" })]);
  expect(discord.transcript(thread).at(-1)?.content).toBe("Hi.");
});
