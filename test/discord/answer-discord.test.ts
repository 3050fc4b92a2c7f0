import { expect, test } from "vitest";
import { LeaseUnsureError } from "../../src/conversation/domain/errors.ts";
import type { ChannelMessage } from "../../src/conversation/domain/message.ts";
import type { Turn } from "../../src/conversation/domain/turn.ts";
import { holding } from "../holding.ts";
import { until } from "../until.ts";
import { type Started, startDiscord } from "./start-discord.ts";

/** A question in a direct channel. */
async function ask({ discord, heard }: Started, text = "Hello?"): Promise<ChannelMessage & { readonly room: string }> {
  discord.say({ channel: discord.dm("Ada"), author: "Ada", content: text });
  return heard(text);
}

/** What the bot wrote to Ada. */
function answers({ discord }: Started, channel = discord.dm("Ada")): readonly string[] {
  return discord.transcript(channel).flatMap(({ author, content }) => (author === "parley" ? [content] : []));
}

function sent({ discord }: Started, method: string): number {
  return discord.calls.filter((call) => call.method === method && /\/messages/.test(call.path)).length;
}

test("an answer is a reply to the question that pings nobody and unfolds no link", async () => {
  const started = await startDiscord();
  const question = await ask(started);
  const [id = ""] = await started.show(question, { text: "Hi @everyone <@1> https://e.org", end: "complete" });
  expect(started.discord.transcript(started.discord.dm("Ada")).at(-1)).toMatchObject({ id, reference: question.id });
  expect(started.discord.calls.at(-1)?.body).toMatchObject({
    allowed_mentions: { parse: [], replied_user: false },
    flags: 4,
    enforce_nonce: true,
  });
});

test("while nothing is written the room shows typing", async () => {
  const started = await startDiscord();
  expect(await started.show(await ask(started), { text: "" })).toEqual([]);
  expect(started.discord.calls.at(-1)).toMatchObject({
    method: "POST",
    path: expect.stringMatching(/typing$/),
    status: 204,
  });
});

test("a growing answer is one message that is edited", async () => {
  const started = await startDiscord();
  const question = await ask(started);
  let shown = await started.show(question, { text: "Once" });
  shown = await started.show(question, { text: "Once **upon" }, { shown });
  expect(answers(started)).toEqual(["Once **upon**"]);
  shown = await started.show(
    question,
    { text: "Once **upon** a time.", footer: "_stopped_", end: "stopped" },
    { shown },
  );
  expect(answers(started)).toEqual(["Once **upon** a time.\n\n*stopped*"]);
  expect(shown).toHaveLength(1);
});

test("showing the same again asks nothing of Discord", async () => {
  const started = await startDiscord();
  const question = await ask(started);
  const shown = await started.show(question, { text: "Done." });
  const before = started.discord.calls.length;
  expect(await started.show(question, { text: "Done.", end: "complete" }, { shown })).toEqual(shown);
  expect(started.discord.calls).toHaveLength(before);
});

test("a long answer comes in parts, noted on the way, and shrinks again", async () => {
  const started = await startDiscord();
  const question = await ask(started);
  const notes: (readonly string[])[] = [];
  const text = Array.from({ length: 350 }, (_, index) => `Sentence number ${index}.`).join(" ");
  const shown = await started.show(question, { text }, { note: (parts) => void notes.push(parts) });
  expect(shown.length).toBeGreaterThan(3);
  expect(notes).toEqual(shown.slice(0, -1).map((_, index) => shown.slice(0, index + 1)));
  expect(answers(started).join(" ")).toBe(text);

  expect(await started.show(question, { text: "Short.", end: "complete" }, { shown })).toEqual(shown.slice(0, 1));
  expect(answers(started)).toEqual(["Short."]);
});

test("an answer whose sending broke off unheard is there once", async () => {
  const started = await startDiscord();
  const question = await ask(started);
  started.discord.failNext({ method: "POST", path: /messages$/ }, "apply-then-reset");
  const shown = await started.show(question, { text: "Once only.", end: "complete" });
  expect(shown).toHaveLength(1);
  expect(answers(started)).toEqual(["Once only."]);
});

test("an attempt that does not know of the draft before it takes that over", async () => {
  const started = await startDiscord();
  const question = await ask(started);
  await started.show(question, { text: "Half" });
  await started.show(question, { text: "Half and half.", end: "complete" });
  expect(answers(started)).toEqual(["Half and half."]);
});

test("a part that a moderator deleted is sent anew", async () => {
  const started = await startDiscord();
  const question = await ask(started);
  const shown = await started.show(question, { text: "Half" });
  started.discord.remove(shown[0] ?? "");
  const again = await started.show(question, { text: "Whole.", end: "complete" }, { shown });
  expect(again).not.toEqual(shown);
  expect(answers(started)).toEqual(["Whole."]);
});

test("the answer to a question that was deleted is sent all the same", async () => {
  const started = await startDiscord();
  const question = await ask(started);
  started.discord.remove(question.id);
  await started.show(question, { text: "Here.", end: "complete" });
  expect(answers(started)).toEqual(["Here."]);
});

test("a server that hiccups is asked once more", async () => {
  const started = await startDiscord();
  started.discord.failNext({ method: "POST", path: /messages$/ }, { status: 502 });
  await started.show(await ask(started), { text: "Here.", end: "complete" });
  expect(answers(started)).toEqual(["Here."]);
});

test("a server that is down is for later", async () => {
  const started = await startDiscord();
  started.discord.failNext({ method: "POST", path: /messages$/ }, { status: 503 }, 9);
  const showing = started.show(await ask(started), { text: "Here.", end: "complete" });
  await expect(showing).rejects.toMatchObject({ retryable: true, message: expect.stringContaining("503") });
});

test("when Discord asks to slow down, the room is left alone for that long", async () => {
  const started = await startDiscord();
  const question = await ask(started);
  const slowDown = { message: "You are being rate limited.", retry_after: 60, global: false };
  const headers = { "retry-after": "60", "x-ratelimit-scope": "shared" };
  started.discord.failNext({ method: "POST", path: /messages$/ }, { status: 429, body: slowDown, headers });
  const showing = () => started.show(question, { text: "Here.", end: "complete" });
  await expect(showing()).rejects.toMatchObject({
    retryable: true,
    retryAfterMs: expect.toSatisfy((ms: number) => ms >= 60_000),
  });

  const before = started.discord.calls.length;
  await expect(showing()).rejects.toMatchObject({
    retryable: true,
    retryAfterMs: expect.toSatisfy((ms: number) => ms > 50_000),
  });
  expect(await started.show(question, { text: "Her" })).toEqual([]);
  expect(started.discord.calls).toHaveLength(before);
});

test("the library does not sleep until a window ends: a burst is for later", async () => {
  const started = await startDiscord({ rateLimit: { limit: 2, windowMs: 60_000 } });
  const text = Array.from({ length: 500 }, (_, index) => `Sentence number ${index}.`).join(" ");
  let noted: readonly string[] = [];
  const showing = started.show(
    await ask(started),
    { text, end: "complete" },
    { note: (parts) => void (noted = parts) },
  );
  await expect(showing).rejects.toMatchObject({
    retryable: true,
    retryAfterMs: expect.toSatisfy((ms: number) => ms > 50_000),
  });
  expect(noted).toHaveLength(2);
});

test("if the formatted text is refused, the same words go out plain", async () => {
  const started = await startDiscord();
  const body = { code: 50_035, message: "Invalid Form Body", errors: {} };
  started.discord.failNext({ method: "POST", path: /messages$/ }, { status: 400, body });
  await started.show(await ask(started), { text: "**Bold**\n```js\ncode\n```", end: "complete" });
  expect(answers(started)).toEqual([String.raw`\*\*Bold\*\*` + "\ncode"]);
});

test("a room that does not let the bot write says what to do", async () => {
  const started = await startDiscord();
  const body = { code: 50_013, message: "Missing Permissions" };
  started.discord.failNext({ method: "POST", path: /messages$/ }, { status: 403, body });
  const showing = started.show(await ask(started), { text: "Here.", end: "complete" });
  await expect(showing).rejects.toMatchObject({ retryable: false, message: expect.stringContaining("Send Messages") });
});

test("without permission to read the history the answer comes without its reference", async () => {
  const started = await startDiscord();
  const body = { code: 160_002, message: "Cannot reply without permission to read message history" };
  started.discord.failNext({ method: "POST", path: /messages$/ }, { status: 403, body });
  await started.show(await ask(started), { text: "Here.", end: "complete" });
  expect(started.discord.transcript(started.discord.dm("Ada")).at(-1)).not.toHaveProperty("reference");
});

test("an error never shows the token of an interaction", async () => {
  const started = await startDiscord();
  const { discord, heard } = started;
  discord.interact({ channel: discord.dm("Ada"), author: "Ada", command: "help" });
  const question = await heard("/help");
  discord.failNext({ path: /webhooks/ }, { status: 400, body: { code: 50_109, message: "odd" } });
  const error: unknown = await started.show(question, { text: "x", end: "complete" }).catch((error: unknown) => error);
  const { token } = question.address as { readonly token: string };
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(token);
  expect((error as Error).cause).toBeUndefined();
});

test("a slash command is deferred at once and its answer fills the place", async () => {
  const started = await startDiscord();
  const { discord, heard } = started;
  const channel = discord.serverChannel();
  const id = discord.interact({ channel, author: "Ada", command: "model", options: { name: "gpt-5 --conversation" } });
  const question = await heard("/model gpt-5 --conversation");
  expect(question).toMatchObject({ id: `interaction:${id}`, audience: "group", author: { name: "Ada" } });
  await until(() => answers(started, channel).length === 1, "deferring");

  let shown = await started.show(question, { text: "" });
  shown = await started.show(question, { text: "Model set" }, { shown });
  await started.show(question, { text: "Model set to: gpt-5", end: "complete" }, { shown });
  expect(answers(started, channel)).toEqual(["Model set to: gpt-5"]);
});

test("a long answer to a slash command goes on below it", async () => {
  const started = await startDiscord();
  const { discord, heard } = started;
  const channel = discord.serverChannel();
  discord.interact({ channel, author: "Ada", command: "help" });
  const question = await heard("/help");
  const text = Array.from({ length: 200 }, (_, index) => `Sentence number ${index}.`).join(" ");
  const shown = await started.show(question, { text, end: "complete" });
  expect(answers(started, channel).join(" ")).toBe(text);
  await started.show(question, { text: "Short.", end: "complete" }, { shown });
  expect(answers(started, channel)).toEqual(["Short."]);
});

test("where the bot may not write, a slash command's answer goes on as follow-ups", async () => {
  const started = await startDiscord();
  const { discord, heard } = started;
  const channel = discord.serverChannel();
  discord.interact({ channel, author: "Ada", command: "help" });
  const question = await heard("/help");
  discord.failNext({ path: /^\/channels/ }, { status: 403, body: { code: 50_001, message: "Missing Access" } }, 99);
  const text = Array.from({ length: 200 }, (_, index) => `Sentence number ${index}.`).join(" ");
  const shown = await started.show(question, { text });
  expect(answers(started, channel).join(" ")).toBe(text);
  await started.show(question, { text: "Short.", end: "complete" }, { shown });
  expect(answers(started, channel)).toEqual(["Short."]);
});

test("after its token has died a slash command is answered in the channel", async () => {
  const started = await startDiscord({ interactionLifeMs: 50 });
  const { discord, heard } = started;
  const channel = discord.serverChannel();
  discord.interact({ channel, author: "Ada", command: "help" });
  const question = await heard("/help");
  await started.show(question, { text: "Late, but here.", end: "complete" }, { ageMs: 15 * 60_000 });
  expect(answers(started, channel)).toContain("Late, but here.");
});

test("a slash command that was never deferred is answered in the channel, after the time for that is over", async () => {
  const started = await startDiscord();
  const { discord, heard, reports } = started;
  const channel = discord.serverChannel();
  discord.failNext({ path: /callback$/ }, { status: 404, body: { code: 10_062, message: "Unknown interaction" } });
  discord.interact({ channel, author: "Ada", command: "help" });
  const question = await heard("/help");
  const showing = started.show(question, { text: "Here.", end: "complete" });
  await expect(showing).rejects.toMatchObject({ retryable: true, retryAfterMs: 1_000 });
  expect(reports.join()).toContain("deferring");

  await started.show(question, { text: "Here.", end: "complete" }, { ageMs: 10_000 });
  expect(answers(started, channel)).toEqual(["Here."]);
});

test.each([
  ["ahead", -60 * 60_000],
  ["behind", 60 * 60_000],
])("where our clock is an hour %s, slash commands are answered as ever", async (_, clockAheadMs) => {
  const started = await startDiscord({ clockAheadMs });
  const { discord, heard } = started;
  const channel = discord.serverChannel();
  discord.interact({ channel, author: "Ada", command: "help" });
  await started.show(await heard("/help"), { text: "Help!", end: "complete" });
  discord.interact({ channel, author: "Ada", command: "chat", options: { question: "Alone?", private: true } });
  await started.show(await heard("Alone?"), { text: "Yes.", end: "complete" });
  expect(answers(started, channel)).toEqual(["Help!"]);
  expect(discord.transcript(channel, "Ada").at(-1)).toMatchObject({ author: "parley", content: "Yes." });

  discord.failNext({ path: /callback$/ }, { status: 404, body: { code: 10_062, message: "Unknown interaction" } });
  discord.interact({ channel, author: "Ada", command: "status" });
  await started.show(await heard("/status"), { text: "Fine.", end: "complete" }, { ageMs: 10_000 });
  expect(answers(started, channel)).toEqual(["Help!", "Fine."]);
});

test("a slash command that is not taken says so instead of thinking for ever", async () => {
  const started = await startDiscord();
  const { discord } = started;
  const channel = discord.dm("Ada");
  started.receipt = { kind: "refused", sentence: "Too many messages. Wait a minute.", retryAfterMs: 60_000 };
  discord.interact({ channel, author: "Ada", command: "help" });
  await until(() => answers(started).includes("Too many messages. Wait a minute."), "the sentence");
  started.receipt = undefined;
  started.failWith = new Error("a bug");
  discord.interact({ channel, author: "Ada", command: "help" });
  await until(() => answers(started).some((text) => text.startsWith("Sorry")), "the apology");
});

test("a stopped turn asks nothing more of Discord", async () => {
  const started = await startDiscord();
  const question = await ask(started);
  const turn = { id: "t", message: question, attempt: 1, shown: [], ageMs: 0 };
  const showing = started.channel.show(
    turn,
    { text: "x", end: "complete" },
    async () => {},
    holding(AbortSignal.abort("lost")),
  );
  await expect(showing).rejects.toBe("lost");
  expect(sent(started, "POST")).toBe(0);
});

test("an instance that does not listen can answer", async () => {
  const started = await startDiscord();
  const question = await ask(started);
  started.stop();
  await started.listening;
  await started.show(question, { text: "From elsewhere.", end: "complete" });
  expect(answers(started)).toEqual(["From elsewhere."]);
});

test("a token that Discord no longer takes is an error that says what to do, every time", async () => {
  const started = await startDiscord();
  const question = await ask(started);
  started.discord.failNext({ path: /messages$/ }, { status: 401, body: { code: 0, message: "401: Unauthorized" } });
  for (const _ of [1, 2]) {
    const showing = started.show(question, { text: "x", end: "complete" });
    await expect(showing).rejects.toMatchObject({
      retryable: false,
      message: expect.stringContaining("DISCORD_TOKEN"),
    });
  }
});

test("a file has the time that a slow line takes, and what is merely unanswered is asked once more", async () => {
  const started = await startDiscord({ timings: { callMs: 2_000 } });
  const question = await ask(started);
  const posting = { method: "POST", path: /messages$/ };
  const end = "complete" as const;
  started.discord.failNext(posting, { afterMs: 3_500 });
  const file = { name: "all.md", mimeType: "text/markdown", text: "all of it" };
  const shown = await started.show(question, { text: "All of it:", end, file });
  expect(sent(started, "POST")).toBe(1);

  const [text, more] = ["Word ".repeat(300).trim(), "more ".repeat(300).trim()];
  started.discord.failNext(posting, { afterMs: 3_500 });
  await started.show(question, { text: `${text}\n\n${more}`, end }, { shown });
  expect(sent(started, "POST")).toBe(3);
  expect(answers(started)).toEqual([text, more]);
});

test("a call that broke off is not made once more when the turn may be another's by then", async () => {
  const started = await startDiscord();
  const message = await ask(started);
  const isOut = () => sent(started, "POST") > 0;
  const check = () => {
    if (isOut()) throw new LeaseUnsureError("perhaps it is another's");
  };
  started.discord.failNext({ method: "POST", path: /messages$/ }, "reset");
  const turn: Turn = { id: "1", message, attempt: 1, shown: [], ageMs: 0 };
  const showing = started.channel.show(turn, { text: "Late.", end: "complete" }, async () => {}, {
    ...holding(),
    check,
  });
  await expect(showing).rejects.toMatchObject({ retryable: true });
  expect(sent(started, "POST")).toBe(1);
  expect(answers(started)).toEqual([]);
});
