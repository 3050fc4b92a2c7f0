import { expect, test } from "vitest";
import { StoreError } from "../../src/conversation/domain/errors.ts";
import { message } from "../messages.ts";
import { until } from "../until.ts";
import { startDiscord, type Started } from "./start-discord.ts";

const texts = ({ kept }: Started) => kept.map(({ text }) => text);
const sequence = ({ memory }: Started) =>
  (memory.saved.get("discord/0") as { session?: { sequence: number } } | undefined)?.session?.sequence;
const connected = ({ channel }: Started) =>
  until(() => channel.health().state === "connected", "being connected", 15_000);

/** Breaks the connection and lets Discord forget its session; `meanwhile` is what nobody hears. */
async function loseSession(started: Started, meanwhile: () => void): Promise<void> {
  const { discord } = started;
  discord.gateway.reachable = false;
  discord.dropConnections();
  await until(() => discord.connected() === 0, "the connection is gone");
  discord.forgetSessions();
  meanwhile();
  discord.gateway.reachable = true;
}

test("how far Discord was heard is remembered soon after it is stored, and never ahead of that", async () => {
  const started = await startDiscord();
  const { discord, heard } = started;
  const channel = discord.dm("Ada");
  discord.say({ channel, author: "Ada", content: "one" });
  await heard("one");
  const known = await until(() => (sequence(started) ?? 0) > 2 && sequence(started), "it is remembered"); // READY, the server, the message

  started.failWith = new StoreError("the database is away", undefined);
  discord.say({ channel, author: "Ada", content: "two" });
  await until(() => started.given.length > 1, "trying");
  started.stop();
  await started.listening;
  expect(sequence(started)).toBe(known);
});

test("whoever listens next resumes where the one before ended, however often", async () => {
  const started = await startDiscord();
  const { discord, heard } = started;
  const channel = discord.dm("Ada");
  for (let round = 1; round <= 5; round++) {
    started.stop();
    await started.listening;
    discord.say({ channel, author: "Ada", content: `round ${round}` });
    started.listenAgain();
    await heard(`round ${round}`);
  }
  expect(texts(started)).toEqual([1, 2, 3, 4, 5].map((round) => `round ${round}`));
  expect(started.given).toHaveLength(5);
  expect(discord.gateway).toMatchObject({ identifies: 1, resumes: 5 });
});

test("a holder that was overtaken can no longer say how far Discord was heard, and lets go", async () => {
  const started = await startDiscord();
  await until(() => sequence(started), "it is remembered");
  await started.memory.open({ name: "discord/0", fence: "2" });
  const before = sequence(started);
  started.discord.say({ channel: started.discord.dm("Ada"), author: "Ada", content: "late" });
  await started.listening;
  expect(sequence(started)).toBe(before);
});

test("after a lost session what was missed in known rooms is read, in order, before what comes live", async () => {
  const started = await startDiscord();
  const { discord, heard } = started;
  const [dm, server] = [discord.dm("Ada"), discord.serverChannel()];
  const mention = `<@${discord.botId}>`;
  discord.say({ channel: dm, author: "Ada", content: "before" });
  discord.say({ channel: server, author: "Ben", content: `${mention} hi` });
  await heard("hi");

  await loseSession(started, () => {
    for (let n = 1; n <= 250; n++) discord.say({ channel: dm, author: "Ada", content: `missed ${n}` });
    discord.say({ channel: server, author: "Ben", content: "not for the bot" });
    discord.say({ channel: server, author: "Ben", content: `${mention} for the bot` });
  });
  await until(() => discord.connected() === 1, "a new session", 15_000);
  discord.say({ channel: dm, author: "Ada", content: "live" });
  await heard("live");
  await heard("for the bot");
  const missed = Array.from({ length: 250 }, (_, n) => `missed ${n + 1}`);
  expect(texts(started).filter((text) => !text.includes("bot"))).toEqual(["before", "hi", ...missed, "live"]);
  expect(discord.gateway.identifies).toBe(2);
});

test("when more rooms are known than are read, those that were active last are, and operators are told", async () => {
  const started = await startDiscord();
  const { discord, heard, reports } = started;
  const channel = discord.dm("Ada");
  for (let n = 1; n <= 1_000; n++) started.remembers(message({ channel: "discord", room: `${discord.botId}/${n}` }));
  discord.say({ channel, author: "Ada", content: "before" });
  await heard("before");
  await loseSession(started, () => discord.say({ channel, author: "Ada", content: "missed" }));
  await heard("missed");
  expect(reports.filter((line) => line.includes("more than 1000 rooms"))).toHaveLength(1);
});

test("other rooms do not wait for one whose history is slow, and its own order stays", async () => {
  const started = await startDiscord();
  const { discord, heard } = started;
  const [slow, fresh] = [discord.dm("Ada"), discord.dm("Ben")];
  discord.say({ channel: slow, author: "Ada", content: "before" });
  await heard("before");
  discord.failNext({ method: "GET", path: /messages$/ }, { status: 503 }, 4);
  await loseSession(started, () => discord.say({ channel: slow, author: "Ada", content: "missed" }));
  await until(() => discord.connected() === 1, "a new session", 15_000);
  discord.say({ channel: slow, author: "Ada", content: "live" });
  discord.say({ channel: fresh, author: "Ben", content: "hello" });
  await heard("live");
  expect(texts(started)).toEqual(["before", "hello", "missed", "live"]);
});

test("what is written in a server, changed and taken back while its room is read is all heard, in order", async () => {
  const started = await startDiscord();
  const { discord, heard } = started;
  const channel = discord.serverChannel();
  const mention = `<@${discord.botId}>`;
  discord.say({ channel, author: "Ada", content: `${mention} before` });
  await heard("before");
  discord.failNext({ method: "GET", path: /messages$/ }, { status: 503 }, 4);
  await loseSession(started, () => {});
  await until(() => discord.connected() === 1, "a new session", 15_000);
  discord.say({ channel, author: "Ada", content: `${mention} live` });
  const question = discord.say({ channel, author: "Ada", content: `${mention} hullo` });
  discord.edit(question, `${mention} hello`);
  discord.remove(question);
  await until(() => started.kept.at(-1)?.about?.kind === "deleted", "the end of it", 15_000);
  expect(texts(started)).toEqual(["before", "live", "hullo", "hello", ""]);
});

test("whom moderators let ask is heard after a lost session too, and each one's roles are asked for once", async () => {
  const started = await startDiscord();
  const { discord, heard, places } = started;
  const channel = discord.serverChannel();
  const mention = `<@${discord.botId}>`;
  discord.setRoles("Ada", ["77777777777777777"]);
  await places.save({ channel: "discord", id: discord.guildId }, { roleIds: ["77777777777777777"] });
  discord.say({ channel, author: "Ada", content: `${mention} before` });
  await heard("before");

  const roles = new RegExp(`^/guilds/\\d+/members/${discord.userId("Ada")}$`);
  discord.failNext({ method: "GET", path: roles }, { status: 503 }, 4); // each time it is asked twice
  await loseSession(started, () => {
    for (let n = 1; n <= 20; n++) {
      discord.say({ channel, author: "Ada", content: `${mention} missed ${n}` });
      discord.say({ channel, author: "Ben", content: `${mention} not for me` });
    }
  });
  await heard("missed 20");
  expect(texts(started)).toEqual(["before", ...Array.from({ length: 20 }, (_, n) => `missed ${n + 1}`)]);
  expect(discord.calls.filter(({ path }) => roles.test(path))).toHaveLength(5);
});

test("somebody whose roles Discord never tells does not keep everybody else waiting for ever", async () => {
  const started = await startDiscord({ timings: { patienceMs: 1_000 } });
  const { discord, heard, places } = started;
  const channel = discord.serverChannel();
  discord.setRoles("Ada", ["77777777777777777"]);
  await places.save({ channel: "discord", id: discord.guildId }, { roleIds: ["77777777777777777"] });
  discord.say({ channel, author: "Ada", content: `<@${discord.botId}> before` });
  await heard("before");
  const roles = new RegExp(`^/guilds/\\d+/members/${discord.userId("Ada")}$`);
  discord.failNext({ method: "GET", path: roles }, { status: 503 }, 1_000);
  await loseSession(started, () => discord.say({ channel, author: "Ada", content: `<@${discord.botId}> missed` }));
  await until(() => discord.calls.filter(({ path }) => roles.test(path)).length > 2, "asking again", 15_000);
  discord.say({ channel: discord.dm("Ben"), author: "Ben", content: "live" });
  await until(() => started.kept.some(({ text }) => text === "live"), "others are heard", 15_000);
});

test("a thread in a category that moderators chose is heard, also when Discord does not tell at once where it stands", async () => {
  const started = await startDiscord();
  const { discord, heard, places } = started;
  const channel = discord.serverChannel();
  const category = discord.categorise(channel);
  await places.save({ channel: "discord", id: discord.guildId }, { channelIds: [category] });
  discord.failNext({ method: "GET", path: new RegExp(`^/channels/${channel}$`) }, { status: 503 }, 4);
  discord.say({ channel, author: "Ada", content: `<@${discord.botId}> hello` });
  await heard("hello");
});

test("a crash while it catches up does not end the catching up", async () => {
  const started = await startDiscord();
  const { discord, heard } = started;
  const channel = discord.dm("Ada");
  discord.say({ channel, author: "Ada", content: "before" });
  await heard("before");
  discord.failNext({ method: "GET", path: /messages$/ }, { status: 503 }, 5);
  await loseSession(started, () => discord.say({ channel, author: "Ada", content: "missed" }));
  await until(
    () => discord.calls.some(({ method, path }) => method === "GET" && path.endsWith("/messages")),
    "reading",
    15_000,
  );
  discord.say({ channel, author: "Ada", content: "live" });
  started.stop();
  await started.listening;
  started.listenAgain();
  await heard("live");
  expect(texts(started)).toEqual(["before", "missed", "live"]);
  expect(discord.gateway.identifies).toBe(2);
});

test("what is held back while others go on is not acknowledged: the next listener gets it", async () => {
  const started = await startDiscord();
  const { discord, heard } = started;
  const channel = discord.dm("Ada");
  discord.say({ channel, author: "Ada", content: "before" });
  await heard("before");
  discord.failNext({ method: "GET", path: /messages$/ }, { status: 503 }, 9); // four seconds
  await loseSession(started, () => discord.say({ channel, author: "Ada", content: "missed" }));
  await until(() => discord.connected() === 1, "a new session", 15_000);
  discord.interact({ channel, author: "Ada", command: "help" }); // no history tells of it
  discord.say({ channel: discord.dm("Ben"), author: "Ben", content: "hello" });
  await heard("hello");
  started.stop();
  await started.listening;
  expect(texts(started)).toEqual(["before", "hello"]);
  started.listenAgain();
  await heard("/help");
  expect(texts(started)).toEqual(["before", "hello", "missed", "/help"]);
});

test("a room that the bot may no longer read does not hold up the others", async () => {
  const started = await startDiscord();
  const { discord, heard } = started;
  const [closed, open] = [discord.serverChannel(), discord.dm("Ada")];
  discord.say({ channel: open, author: "Ada", content: "before" });
  discord.say({ channel: closed, author: "Ben", content: `<@${discord.botId}> hi` });
  await heard("hi");
  const path = new RegExp(`^/channels/${closed}/messages$`);
  discord.failNext({ method: "GET", path }, { status: 403, body: { code: 50_001, message: "Missing Access" } }, 9);
  await loseSession(started, () => discord.say({ channel: open, author: "Ada", content: "missed" }));
  await heard("missed");
});

test.each([4007, 4009])(
  "when Discord says that the session is over (%i), it begins a new one and reads what it missed",
  async (code) => {
    const started = await startDiscord();
    const { discord, heard } = started;
    const channel = discord.dm("Ada");
    discord.say({ channel, author: "Ada", content: "before" });
    await heard("before");
    discord.dropConnections(code);
    discord.forgetSessions();
    discord.say({ channel, author: "Ada", content: "missed" });
    await heard("missed");
    await connected(started);
  },
);

test("near the day's limit of sessions it waits instead of losing the token, says so, and goes on by itself", async () => {
  const started = await startDiscord();
  const { discord, channel, heard, reports } = started;
  discord.sessionStart.usedElsewhere = 900;
  discord.sessionStart.resetAfterMs = 2_000;
  discord.forgetSessions();
  discord.dropConnections();
  await until(() => reports.some((line) => line.includes("reset its token")), "the operator is told", 10_000);
  expect(channel.health()).toMatchObject({ state: "connecting", reason: expect.stringContaining("restarts it") });
  expect(discord.gateway.identifies).toBe(1);
  discord.sessionStart.usedElsewhere = 0;
  discord.say({ channel: discord.dm("Ada"), author: "Ada", content: "hello" });
  await connected(started);
  discord.say({ channel: discord.dm("Ada"), author: "Ada", content: "still there?" });
  await heard("still there?");
});

test("sessions that are over as soon as they begin do not use up the day", async () => {
  const started = await startDiscord();
  const { discord } = started;
  const endsAtMs = Date.now() + 10_000;
  const endSessions = () => {
    if (discord.connected() === 0) return;
    discord.dropConnections(4000);
    discord.forgetSessions();
  };
  await until(() => (endSessions(), Date.now() > endsAtMs), "ten seconds", 11_000);
  expect(discord.gateway.identifies).toBeLessThan(5);
  await connected(started);
});

test("when Discord wants more shards, each begins anew with the new number", async () => {
  const started = await startDiscord();
  const { discord, channel, heard } = started;
  discord.gateway.shards = 2;
  expect(await channel.receivers?.(AbortSignal.timeout(5_000))).toEqual(["discord/0", "discord/1"]);
  await until(() => discord.connectedShards().join() === "0/2", "the first of two", 15_000);
  discord.say({ channel: discord.dm("Ada"), author: "Ada", content: "hello" });
  await heard("hello");
});

test("a session that Discord closes for its number of shards asks how many there must be", async () => {
  const started = await startDiscord();
  const { discord } = started;
  discord.gateway.shards = 2;
  discord.dropConnections(4011);
  await until(() => discord.connectedShards().join() === "0/2", "the first of two", 15_000);
});

test("who leaves goes on until a successor has resumed the session, and never comes back", async () => {
  const started = await startDiscord();
  const { discord, heard } = started;
  const channel = discord.dm("Ada");
  const former = { ...started };
  former.leave();
  discord.say({ channel, author: "Ada", content: "heard by the one that leaves" });
  await heard("heard by the one that leaves");
  started.listenAgain("2");
  await former.listening;
  discord.say({ channel, author: "Ada", content: "heard by the successor" });
  await heard("heard by the successor");
  expect(discord.gateway).toMatchObject({ identifies: 1, resumes: 1, gapsMs: [] });
  expect(texts(started)).toHaveLength(2);
});

test("where Discord refuses a session that is still connected, the successor asks again, and no IDENTIFY is spent", async () => {
  const started = await startDiscord({ resumeWhileOpen: "is-refused" });
  const { discord, heard } = started;
  const channel = discord.dm("Ada");
  const former = { ...started };
  former.leave();
  const remembered = () => started.memory.saved.get("discord/0") as { isShared: boolean } | undefined;
  await until(() => remembered()?.isShared, "it is remembered that it leaves");
  started.listenAgain("2");
  discord.say({ channel, author: "Ada", content: "heard by the one that leaves" });
  await heard("heard by the one that leaves");
  await until(() => discord.gateway.invalidSessions === 1, "the successor is refused");
  former.stop();
  await former.listening;
  discord.say({ channel, author: "Ada", content: "missed" });
  await heard("missed");
  expect(discord.gateway).toMatchObject({ identifies: 1, resumes: 1 });
  expect(texts(started)).toHaveLength(2);
});

test("who leaves while it is not connected leaves at once", async () => {
  const started = await startDiscord();
  started.discord.gateway.reachable = false;
  started.discord.dropConnections();
  await until(() => started.discord.connected() === 0, "the connection is gone");
  started.leave();
  await started.listening;
  started.discord.gateway.reachable = true;
});
