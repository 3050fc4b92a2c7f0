import { expect, test } from "vitest";
import type { ChannelMessage } from "../../src/conversation/domain/message.ts";
import { startDiscord, type Started } from "./start-discord.ts";

/** Long after Discord has forgotten its nonces. */
const later = { attempt: 2, ageMs: 600_000 };

async function ask(started: Started): Promise<ChannelMessage> {
  const { discord, heard } = started;
  discord.say({ channel: discord.dm("Ada"), author: "Ada", content: "a question" });
  return heard("a question");
}

function answers({ discord }: Started, channel = discord.dm("Ada")): readonly string[] {
  return discord.transcript(channel).flatMap(({ author, content }) => (author === "parley" ? [content] : []));
}

const long = Array.from({ length: 200 }, (_, index) => `Sentence number ${index}.`).join(" ");

test("a part that arrived unheard long ago is found in the room, and stands there once", async () => {
  const started = await startDiscord({ nonceMs: 1 });
  const question = await ask(started);
  const [first = ""] = await started.show(question, { text: "Half" });
  expect(await started.show(question, { text: "Whole.", end: "complete" }, later)).toEqual([first]);
  expect(answers(started)).toEqual(["Whole."]);
  expect(started.unsettled).toEqual([]);
});

test("all parts of a long answer that arrived unheard are found", async () => {
  const started = await startDiscord({ nonceMs: 1 });
  const question = await ask(started);
  const shown = await started.show(question, { text: long, end: "complete" });
  expect(shown.length).toBeGreaterThan(1);
  expect(await started.show(question, { text: long, end: "complete" }, later)).toEqual(shown);
  expect(await started.show(question, { text: long, end: "complete" }, { ...later, shown: shown.slice(0, 1) })).toEqual(
    shown,
  );
  expect(answers(started).join(" ")).toBe(long);
});

test("while Discord still tells the nonce, that decides", async () => {
  const started = await startDiscord();
  const question = await ask(started);
  const shown = await started.show(question, { text: long, end: "complete" });
  expect(await started.show(question, { text: `${long} And more.`, end: "complete" }, later)).toEqual(shown);
});

test("what is not there is sent", async () => {
  const started = await startDiscord({ nonceMs: 1 });
  const question = await ask(started);
  await started.show(question, { text: "New.", end: "complete" }, later);
  expect(answers(started)).toEqual(["New."]);
  expect(started.unsettled).toEqual([]);
});

test("the answer to another question is not taken for this one", async () => {
  const started = await startDiscord({ nonceMs: 1 });
  const { discord, heard } = started;
  const first = await ask(started);
  discord.say({ channel: discord.dm("Ada"), author: "Ada", content: "another" });
  await started.show(await heard("another"), { text: "Same words.", end: "complete" });
  await started.show(first, { text: "Same words.", end: "complete" }, later);
  expect(answers(started)).toEqual(["Same words.", "Same words."]);
});

test("the answer of a slash command whose token has died is found where it was filled in", async () => {
  const started = await startDiscord();
  const { discord, heard } = started;
  discord.interact({ channel: discord.dm("Ada"), author: "Ada", command: "help" });
  const question = await heard("/help");
  const [first = ""] = await started.show(question, { text: "Help!", end: "complete" });
  const late = { attempt: 2, ageMs: 15 * 60_000 };
  expect(await started.show(question, { text: "Help!", end: "complete" }, late)).toEqual([first]);
  expect(answers(started)).toEqual(["Help!"]);
});

test("where the room cannot be read the part is sent once, and counted", async () => {
  const started = await startDiscord({ nonceMs: 1 });
  const question = await ask(started);
  const body = { code: 50_001, message: "Missing Access" };
  started.discord.failNext({ method: "GET", path: /messages$/ }, { status: 403, body });
  await started.show(question, { text: "Here.", end: "complete" }, later);
  expect(answers(started)).toEqual(["Here."]);
  expect(started.unsettled).toEqual([question.room]);
});

test("switched off, no room is read, and what may be doubled is counted", async () => {
  const started = await startDiscord({ settle: false, nonceMs: 1 });
  const question = await ask(started);
  await started.show(question, { text: "Here.", end: "complete" }, later);
  expect(started.discord.calls.filter(({ method, path }) => method === "GET" && path.endsWith("/messages"))).toEqual(
    [],
  );
  expect(started.unsettled).toEqual([question.room]);
});

test("a part that a crash left below the known ones goes when the new answer is shorter", async () => {
  const started = await startDiscord();
  const question = await ask(started);
  const shown = await started.show(question, { text: long });
  const known = shown.slice(0, 1);
  await started.show(question, { text: "Short.", end: "complete" }, { attempt: 2, ageMs: 1_000, shown: known });
  expect(answers(started)).toEqual(["Short."]);
});

test("a part that broke off unheard goes when the answer ends up shorter", async () => {
  const started = await startDiscord();
  const { discord } = started;
  const question = await ask(started);
  let known: readonly string[] = [];
  const note = (shown: readonly string[]) => {
    known = shown;
    discord.chaos({ applyThenReset: 1, reset: 0, seed: 1 });
  };
  await expect(started.show(question, { text: long }, { note })).rejects.toMatchObject({ retryable: true });
  discord.chaos({ applyThenReset: 0, reset: 0, seed: 1 });
  expect(answers(started)).toHaveLength(2);
  expect(known).toHaveLength(1);
  await started.show(question, { text: "Short.", end: "complete" }, { shown: known });
  expect(answers(started)).toEqual(["Short."]);
});

test.each([
  ["a shorter one", "Short."],
  ["one as long", long],
  ["a longer one", `${long} And more. ${long.slice(0, 2_000)}`],
])(
  "parts that a crash left are found before Discord forgets their nonces, however long the new answer takes: %s",
  async (_, answer) => {
    const started = await startDiscord();
    const question = await ask(started);
    const shown = await started.show(question, { text: `Draft. ${long}` });
    const again = { attempt: 2, shown: shown.slice(0, 1) };
    expect(await started.show(question, { text: "" }, { ...again, ageMs: 1_000 })).toEqual(again.shown);
    started.discord.forgetNonces();
    await started.show(question, { text: answer, end: "complete" }, { ...again, ageMs: 600_000 });
    expect(answers(started).join(" ")).toBe(answer);
    expect(started.unsettled).toEqual([]);
  },
);

test("drafts stand back when a channel's requests run out, and the final text still finds its place", async () => {
  const started = await startDiscord({ rateLimit: { limit: 3, windowMs: 60_000 } });
  const question = await ask(started);
  let shown = await started.show(question, { text: "w" });
  for (const text of ["wo", "wor", "word", "words", "words "])
    shown = await started.show(question, { text }, { shown });
  await started.show(question, { text: "words and more.", end: "complete" }, { shown });
  expect(answers(started)).toEqual(["words and more."]);
  const statuses = started.discord.calls.filter(({ path }) => path.includes("/messages")).map(({ status }) => status);
  expect(statuses).toEqual([200, 200, 200, 200]);
});

test("one room that must be left alone for an hour delays no other", async () => {
  const started = await startDiscord();
  const { discord, heard } = started;
  const question = await ask(started);
  const headers = { "retry-after": "3600", "x-ratelimit-scope": "shared" };
  discord.failNext({ method: "POST", path: /messages$/ }, { status: 429, body: { retry_after: 3_600 }, headers });
  const end = "complete" as const;
  const waiting = { retryable: true, retryAfterMs: expect.toSatisfy((ms: number) => ms > 3_500_000) as number };
  await expect(started.show(question, { text: "x", end })).rejects.toMatchObject(waiting);
  await expect(started.show(question, { text: "x", end })).rejects.toMatchObject(waiting);
  expect(await started.show(question, { text: "" })).toEqual([]);

  discord.say({ channel: discord.dm("Ben"), author: "Ben", content: "and me?" });
  await started.show(await heard("and me?"), { text: "You too.", end });
  expect(answers(started, discord.dm("Ben"))).toEqual(["You too."]);
});

test("a room that shuts the bot out is not called for drafts again and again", async () => {
  const started = await startDiscord();
  const question = await ask(started);
  const body = { code: 50_001, message: "Missing Access" };
  started.discord.failNext({ path: /^\/channels/ }, { status: 403, body }, 9);
  await expect(started.show(question, { text: "" })).rejects.toMatchObject({ retryable: false });
  const before = started.discord.calls.length;
  for (const text of ["", "a", "ab"]) await started.show(question, { text });
  expect(started.discord.calls).toHaveLength(before);
  await expect(started.show(question, { text: "abc", end: "complete" })).rejects.toMatchObject({ retryable: false });
});

test("while calls break off at random, each answer stands once", async () => {
  const started = await startDiscord({ rateLimit: undefined });
  const { discord, heard } = started;
  discord.chaos({ applyThenReset: 0.2, reset: 0.2, seed: 7 });
  for (let n = 1; n <= 20; n++) {
    discord.say({ channel: discord.dm("Ada"), author: "Ada", content: `question ${n}` });
    const question = await heard(`question ${n}`);
    for (let attempt = 1; ; attempt++) {
      const showing = started.show(question, { text: `answer ${n}`, end: "complete" }, { attempt });
      if (await showing.catch(() => undefined)) break;
    }
  }
  expect(answers(started)).toEqual(Array.from({ length: 20 }, (_, n) => `answer ${n + 1}`));
});
