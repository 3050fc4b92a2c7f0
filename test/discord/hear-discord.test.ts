import { expect, test } from "vitest";
import { StoreError } from "../../src/conversation/domain/errors.ts";
import { until } from "../until.ts";
import { startDiscord } from "./start-discord.ts";

test("a direct message is heard", async () => {
  const { discord, heard } = await startDiscord();
  const channel = discord.dm("Ada");
  const id = discord.say({ channel, author: "Ada", content: "Hello!" });
  expect(await heard("Hello!")).toMatchObject({
    channel: "discord",
    room: `${discord.botId}/${channel}`,
    id,
    author: { id: discord.userId("Ada"), name: "Ada" },
    audience: "direct",
    address: { kind: "message", channelId: channel, messageId: id },
  });
});

test("in a server, a mention and a reply to the bot are heard, and nothing else", async () => {
  const { discord, heard, kept, show } = await startDiscord();
  const channel = discord.serverChannel();
  discord.say({ channel, author: "Ada", content: "just chatting" });
  discord.say({ channel, author: "Ada", content: "@everyone look" });
  discord.say({ channel, author: "MEE6", content: `<@${discord.botId}> beep`, bot: true });
  discord.say({ channel, author: "Ada", content: `<@${discord.botId}>, what is this?` });
  const question = await heard("what is this?");
  const [answer = ""] = await show(question, { text: "A test.", end: "complete" });
  discord.say({ channel, author: "Ben", content: "really?", reference: answer, ping: false });
  expect(await heard("really?")).toMatchObject({ audience: "group", replyTo: { author: "parley", text: "A test." } });
  expect(kept.map(({ text }) => text)).toEqual(["what is this?", "really?"]);
});

test("mentioning the bot's own role is mentioning the bot", async () => {
  const { discord, heard } = await startDiscord();
  discord.say({ channel: discord.serverChannel("thread"), author: "Ada", content: `<@&${discord.botRoleId}> hello` });
  await heard("hello");
});

test("messages are kept in the order in which they were written", async () => {
  const { discord, kept } = await startDiscord();
  const channel = discord.dm("Ada");
  const said = Array.from({ length: 300 }, (_, index) => `message ${index}`);
  for (const content of said) discord.say({ channel, author: "Ada", content });
  await until(() => kept.length === said.length, "all messages");
  expect(kept.map(({ text }) => text)).toEqual(said);
});

test("what is written while the connection is broken is heard afterwards, once", async () => {
  const { discord, channel, heard, kept, given } = await startDiscord();
  const dm = discord.dm("Ada");
  discord.say({ channel: dm, author: "Ada", content: "before" });
  await heard("before");
  discord.gateway.reachable = false;
  discord.dropConnections();
  discord.say({ channel: dm, author: "Ada", content: "meanwhile" });
  await until(() => channel.health().state === "connecting", "noticing");
  discord.gateway.reachable = true;
  await heard("meanwhile");
  await until(() => channel.health().state === "connected", "connecting again");
  expect(kept.map(({ text }) => text)).toEqual(["before", "meanwhile"]);
  expect(given).toHaveLength(2);
  expect(discord.gateway).toMatchObject({ identifies: 1, resumes: 1 });
});

test("a session survives that Discord cannot be reached for a while", { timeout: 20_000 }, async () => {
  const { discord, channel, heard } = await startDiscord();
  discord.gateway.reachable = false;
  discord.dropConnections();
  await until(() => discord.gateway.refusals > 1, "two failed attempts", 15_000);
  expect(channel.health()).toMatchObject({ state: "connecting", reason: expect.stringContaining("cannot be reached") });
  discord.say({ channel: discord.dm("Ada"), author: "Ada", content: "anyone there?" });
  discord.gateway.reachable = true;
  await until(() => channel.health().state === "connected", "connecting again", 15_000);
  await heard("anyone there?");
  expect(discord.gateway).toMatchObject({ identifies: 1, resumes: 1 });
});

test("while the database is away nothing is lost, and nothing is acknowledged", { timeout: 20_000 }, async () => {
  const started = await startDiscord();
  const { discord, heard, kept, given } = started;
  const channel = discord.dm("Ada");
  discord.say({ channel, author: "Ada", content: "zero" });
  await heard("zero");
  started.failWith = new StoreError("the database is away", undefined);
  for (const content of ["one", "two", "three"]) discord.say({ channel, author: "Ada", content });
  await until(() => given.length > 2, "trying again");
  discord.dropConnections();
  await until(() => discord.gateway.resumes === 1, "resuming");
  discord.say({ channel, author: "Ada", content: "four" });
  started.failWith = undefined;
  await heard("four");
  expect(kept.map(({ text }) => text)).toEqual(["zero", "one", "two", "three", "four"]);
});

test("what was received but not stored is repeated by Discord to the next listener", async () => {
  const started = await startDiscord();
  const { discord, channel, kept, given } = started;
  started.failWith = new StoreError("the database is away", undefined);
  discord.say({ channel: discord.dm("Ada"), author: "Ada", content: "keep me" });
  await until(() => given.length > 0, "the first try");
  started.stop();
  await started.listening;
  started.failWith = undefined;
  started.listenAgain();
  await until(() => channel.health().state === "connected", "connecting again");
  await until(() => kept.some(({ text }) => text === "keep me"), "hearing it again");
  expect(discord.gateway).toMatchObject({ identifies: 1, resumes: 1 });
});

test("when more arrives than can wait for the database, Discord is left to keep it", { timeout: 20_000 }, async () => {
  const started = await startDiscord();
  const { discord, kept } = started;
  const channel = discord.dm("Ada");
  started.failWith = new StoreError("the database is away", undefined);
  const said = Array.from({ length: 3_000 }, (_, index) => `message ${index}`);
  for (const content of said) discord.say({ channel, author: "Ada", content });
  await until(() => discord.connected() === 0, "closing the connection");
  started.failWith = undefined;
  await until(() => kept.length === said.length, "all messages", 15_000);
  expect(kept.map(({ text }) => text)).toEqual(said);
  expect(discord.gateway).toMatchObject({ identifies: 1, resumes: 1 });
});

test("a message that can never be kept does not hold up the others", async () => {
  const started = await startDiscord();
  const { discord, heard, reports } = started;
  const channel = discord.dm("Ada");
  started.failWith = new Error("a bug");
  discord.say({ channel, author: "Ada", content: "poison" });
  await until(() => reports.some((line) => line.includes("a bug")), "the report");
  started.failWith = undefined;
  discord.say({ channel, author: "Ada", content: "healthy" });
  await heard("healthy");
});

test("an event that is not as it should be is reported and passed over", async () => {
  const { discord, heard, reports } = await startDiscord();
  discord.dispatch("MESSAGE_CREATE", { guild_id: 7 });
  discord.dispatch("INTERACTION_CREATE", { id: "x" });
  discord.dispatch("SOMETHING_NEW", { surprise: true });
  discord.sendRaw("not json");
  discord.sendRaw("null");
  discord.sendRaw("[]");
  discord.say({ channel: discord.dm("Ada"), author: "Ada", content: "still there?" });
  await heard("still there?");
  await until(() => reports.some((line) => line.startsWith("reading a INTERACTION_CREATE")), "the reports");
});

test("a connection on which heartbeats are not answered is replaced", async () => {
  const { discord, heard } = await startDiscord({ heartbeatIntervalMs: 500 });
  discord.gateway.acknowledging = false;
  await until(() => discord.gateway.resumes > 0, "a new connection", 15_000);
  discord.gateway.acknowledging = true;
  discord.say({ channel: discord.dm("Ada"), author: "Ada", content: "hello" });
  await heard("hello");
});

test("when a session is over, a new one begins", { timeout: 20_000 }, async () => {
  const { discord, heard, channel } = await startDiscord();
  discord.forgetSessions();
  await until(() => discord.connected() === 0);
  discord.say({ channel: discord.dm("Ada"), author: "Ada", content: "lost with the session" });
  discord.dropConnections();
  await until(() => channel.health().state === "connected" && discord.connected() === 1, "a new session", 15_000);
  discord.say({ channel: discord.dm("Ada"), author: "Ada", content: "hello" });
  await heard("hello");
});

test(
  "without the intent to read every message it goes on with mentions, and tells the operator once, and who asks why",
  { timeout: 20_000 },
  async () => {
    const { discord, channel, heard, reports } = await startDiscord({ messageContent: false, slow: true });
    await until(() => channel.health().state === "connected", "connecting", 15_000);
    discord.say({ channel: discord.serverChannel(), author: "Ada", content: `<@${discord.botId}> hello` });
    const hello = await heard("hello");
    expect(reports.filter((line) => line.includes("Message Content Intent"))).toHaveLength(1);
    expect(await channel.explain?.(hello)).toContain("only what mentions me");
  },
);

test("a wrong token ends in a sentence that says what to do", async () => {
  const { channel, listening } = await startDiscord({ connect: false });
  await expect(listening).rejects.toThrow(/Reset it in the developer portal.*DISCORD_TOKEN/);
  await expect(listening).rejects.toMatchObject({ name: "DiscordRefusal", retryable: false });
  expect(channel.health()).toMatchObject({ state: "failed" });
});

test("a token that is reset while connected ends in the same sentence", async () => {
  const { discord, channel, listening } = await startDiscord();
  discord.dropConnections(4004);
  await expect(listening).rejects.toThrow(/DISCORD_TOKEN/);
  expect(channel.health()).toMatchObject({ state: "failed", reason: expect.stringContaining("DISCORD_TOKEN") });
});

test("stopping ends at once, also while Discord is away", async () => {
  const started = await startDiscord();
  started.discord.gateway.reachable = false;
  started.discord.dropConnections();
  await until(() => started.channel.health().state === "connecting");
  const stoppedAtMs = Date.now();
  started.stop();
  await started.listening;
  expect(Date.now() - stoppedAtMs).toBeLessThan(5_000);
});
