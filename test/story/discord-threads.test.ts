import { afterEach, beforeEach, expect, test } from "vitest";
import type { DiscordDouble } from "../doubles/discord-double.ts";
import { until } from "../until.ts";
import { type DiscordWorld, openDiscordWorld } from "./open-discord-world.ts";

let world: DiscordWorld;
let discord: DiscordDouble;
let mention: string;

beforeEach(async () => {
  world = await openDiscordWorld();
  ({ discord } = world);
  mention = `<@${discord.botId}>`;
});
afterEach(() => world.close());

async function start() {
  const before = discord.gateway.identifies + discord.gateway.resumes;
  const parley = await world.startBot();
  await until(() => discord.gateway.identifies + discord.gateway.resumes > before, "Discord is connected", 30_000);
  return parley;
}
const answers = (channel: string) =>
  discord.transcript(channel).flatMap(({ author, content }) => (author === "parley" && content ? [content] : []));
const untilAnswered = (channel: string, count: number) =>
  until(() => answers(channel).length === count && answers(channel), `${count} answers`, 30_000).catch(() =>
    expect(answers(channel)).toHaveLength(count),
  );
const asked = () => world.ai.requests.at(-1)?.body.messages.map(({ content }) => content);
const decide = (rules: object) =>
  world.run(
    `insert into place_settings (channel, place, settings) values ('discord', '${discord.guildId}', '${JSON.stringify(rules)}')
      on conflict (channel, place) do update set settings = excluded.settings`,
  );

test("a mention opens a thread that is called like the question; there nobody needs to mention it", async () => {
  await start();
  const channel = discord.serverChannel();
  const thread = discord.say({ channel, author: "Ada", content: `${mention} **Why** is the sky blue? I wonder.` });
  await untilAnswered(thread, 1);
  expect(discord.channel(thread)).toMatchObject({ name: "Why is the sky blue?", parent_id: channel });
  expect(answers(channel)).toEqual([]);

  discord.say({ channel: thread, author: "Ben", content: "And at night?" });
  await untilAnswered(thread, 2);
  expect(asked()?.slice(1)).toEqual([
    "Ada: **Why** is the sky blue? I wonder.",
    "You said: Ada: **Why** is the sky blue? I wonder.",
    "Ben: And at night?",
  ]);

  discord.say({ channel: thread, author: "Ada", content: `<@${discord.userId("Ben")}> it is dark` });
  discord.say({ channel: thread, author: "Robot", content: "beep", bot: true });
  discord.say({ channel: thread, author: "Ada", content: `thanks` });
  await untilAnswered(thread, 3);
  expect(asked()?.at(-1)).toBe("Ada: thanks");
  const other = discord.say({ channel, author: "Ada", content: `${mention} something else` });
  await untilAnswered(other, 1);
  expect(asked()).toHaveLength(2);
});

test("threads are listened to after a restart, and by the instance that takes over", async () => {
  const first = await start();
  const channel = discord.serverChannel();
  const thread = discord.say({ channel, author: "Ada", content: `${mention} hello` });
  await untilAnswered(thread, 1);
  await first.stop();
  discord.say({ channel: thread, author: "Ada", content: "still there?" });
  const second = await start();
  await untilAnswered(thread, 2);
  const byRole = discord.say({ channel, author: "Ada", content: `<@&${discord.botRoleId}> I know you by your role` });
  await untilAnswered(byRole, 1);

  await world.startBot();
  await second.kill();
  discord.say({ channel: thread, author: "Ada", content: "and you?" });
  await untilAnswered(thread, 3);
  expect(discord.gateway.identifies).toBe(1);
});

test("the rest of a long paste that calls it is read, too, though it mentions nobody", async () => {
  await Promise.all([start(), start()]);
  const channel = discord.serverChannel();
  const thread = discord.say({ channel, author: "Ada", content: `${mention} ${"lorem ".repeat(325)}` });
  discord.say({ channel, author: "Ada", content: "What does that mean?" });
  await until(() => JSON.stringify(asked() ?? "").includes("What does that mean?"), "all of it is asked", 30_000);
  await until(() => answers(thread).length > 0, "it is answered in the thread", 30_000);
  expect(answers(channel)).toEqual([]);
});

test("where it may make no threads, it answers below the question", async () => {
  await start();
  const channel = discord.serverChannel();
  const question = discord.say({ channel, author: "Ada", content: `${mention} one` });
  await untilAnswered(question, 1);
  discord.deny(channel, "createPublicThreads");
  const second = discord.say({ channel, author: "Ada", content: `${mention} two` });
  await untilAnswered(channel, 1);
  expect(discord.transcript(channel).at(-1)).toMatchObject({ reference: second });
});

test("a thread that Discord refuses when the answer comes is done without", async () => {
  await start();
  const channel = discord.serverChannel();
  const refusal = { message: "Maximum number of active threads reached", code: 160_006 };
  discord.failNext({ method: "POST", path: /threads$/ }, { status: 400, body: refusal });
  discord.say({ channel, author: "Ada", content: `${mention} hello` });
  expect(await untilAnswered(channel, 1)).toEqual(["You said: Ada: hello"]);
  await until(async () => (await world.count("turns where state = 'delivered'")) === 1, "the answer is complete");
  expect(discord.transcript(channel).at(-1)?.buttons).toBeUndefined(); // they would not find their answer
});

test("a thread whose making was not heard of is made once, and answered in", async () => {
  await start();
  const channel = discord.serverChannel();
  discord.failNext({ method: "POST", path: /threads$/ }, "apply-then-reset");
  const thread = discord.say({ channel, author: "Ada", content: `${mention} hello` });
  expect(await untilAnswered(thread, 1)).toEqual(["You said: Ada: hello"]);
});

test("a thread that goes to sleep while it is answered is woken", async () => {
  world.ai.answer = () => "one two three four five six seven eight";
  world.ai.hold();
  await start();
  const channel = discord.serverChannel();
  const thread = discord.say({ channel, author: "Ada", content: `${mention} count` });
  await until(() => world.ai.running > 0, "the AI is asked", 30_000);
  world.ai.release(3);
  await untilAnswered(thread, 1);
  discord.archive(thread);
  world.ai.release();
  await until(() => answers(thread).join().endsWith("eight"), "the whole answer", 30_000);
});

test("moderators decide how it answers on their server, and every instance obeys at once", async () => {
  await start();
  const channel = discord.serverChannel();
  await decide({ mode: "reply" });
  const question = discord.say({ channel, author: "Ada", content: `${mention} one` });
  await untilAnswered(channel, 1);
  expect(discord.channel(question)).toBeUndefined();

  await decide({ mode: "slash" });
  discord.say({ channel, author: "Ada", content: `${mention} two` });
  discord.interact({ channel, author: "Ada", command: "status" });
  await untilAnswered(channel, 2);

  discord.setRoles("Ada", ["77777777777777777"]);
  await decide({ mode: "reply", roleIds: ["77777777777777777"], channelIds: [channel] });
  discord.say({ channel, author: "Ben", content: `${mention} three` });
  discord.say({ channel: discord.serverChannel(), author: "Ada", content: `${mention} four` });
  discord.say({ channel, author: "Ada", content: `${mention} five` });
  await untilAnswered(channel, 3);
  expect(answers(channel).at(-1)).toBe("You said: Ada: five");
  expect(world.ai.requestCount).toBe(2);
});

test("in a category that moderators chose, the threads of its channels listen too, and their buttons work", async () => {
  await start();
  const [channel, other] = [discord.serverChannel(), discord.serverChannel()];
  await decide({ channelIds: [discord.categorise(channel)] });
  discord.say({ channel: other, author: "Ada", content: `${mention} not here` });
  const thread = discord.say({ channel, author: "Ada", content: `${mention} one` });
  await untilAnswered(thread, 1);
  discord.say({ channel: thread, author: "Ada", content: "two" });
  await untilAnswered(thread, 2);
  const answer = discord.transcript(thread).at(-1);
  await until(() => discord.transcript(thread).at(-1)?.buttons?.join().includes("Regenerate"), "the button", 30_000);
  world.ai.answer = () => "Something else.";
  discord.press({ messageId: answer?.id ?? "", author: "Ada", label: "Regenerate" });
  await until(() => answers(thread).at(-1) === "Something else.", "the answer anew", 30_000);
  expect(answers(other)).toEqual([]);
});

test("kill -9 right after the thread was made: the next one makes no other, and answers in it", async () => {
  const parley = await start();
  const channel = discord.serverChannel();
  const making = { method: "POST", path: /threads$/ };
  discord.failNext(making, "apply-then-hang");
  const thread = discord.say({ channel, author: "Ada", content: `${mention} hello` });
  await until(() => discord.channel(thread), "the thread", 30_000);
  await parley.kill();
  await start();
  expect(await untilAnswered(thread, 1)).toEqual(["You said: Ada: hello"]);
  expect(answers(channel)).toEqual([]);
});

test("mentions during a rolling deploy are answered once each, every one in its thread", async () => {
  const first = await start();
  const channel = discord.serverChannel();
  const threads: string[] = [];
  const ask = () =>
    threads.push(discord.say({ channel, author: "Ada", content: `${mention} number ${threads.length}` }));
  ask();
  const second = await world.startBot();
  const stopped = first.stop();
  ask();
  await until(() => discord.gateway.resumes === 1, "the other resumes", 30_000);
  ask();
  await stopped;
  ask();
  for (const [number, thread] of threads.entries())
    expect(await untilAnswered(thread, 1)).toEqual([`You said: Ada: number ${number}`]);
  expect(answers(channel)).toEqual([]);
  expect(await world.count("turns")).toBe(threads.length);
  await second.stop();
});

test("a mention while the database is away opens its thread when it is back", async () => {
  await start();
  const channel = discord.serverChannel();
  const back = await world.closeDatabase();
  const thread = discord.say({ channel, author: "Ada", content: `${mention} anyone?` });
  discord.say({ channel: discord.dm("Ben"), author: "Ben", content: "me too" });
  await back();
  await untilAnswered(thread, 1);
  await untilAnswered(discord.dm("Ben"), 1);
});

test("a question that opened a thread is answered anew in there when it is changed", async () => {
  await start();
  const channel = discord.serverChannel();
  const thread = discord.say({ channel, author: "Ada", content: `${mention} hullo` });
  await untilAnswered(thread, 1);
  discord.edit(thread, `${mention} hello`);
  await until(() => answers(thread).join() === "You said: Ada: hello", "the new answer", 30_000);
  expect(answers(channel)).toEqual([]);
});

test("in a thread buttons and commands belong to its conversation", async () => {
  await start();
  const channel = discord.serverChannel();
  const thread = discord.say({ channel, author: "Ada", content: `${mention} hello` });
  await untilAnswered(thread, 1);
  const [answer] = discord.transcript(thread).filter(({ content }) => content !== "");
  world.ai.answer = () => "Something else.";
  discord.press({ messageId: answer?.id ?? "", author: "Ada", label: "Regenerate" });
  await until(() => answers(thread).join() === "Something else.", "the answer anew, in its place", 30_000);

  discord.interact({ channel: thread, author: "Ada", command: "reset" });
  await until(() => answers(thread).length === 2, "the command is answered", 30_000);
  discord.say({ channel: thread, author: "Ada", content: "what did I say?" });
  await untilAnswered(thread, 3);
  expect(asked()?.slice(1)).toEqual(["Ada: what did I say?"]);
});
