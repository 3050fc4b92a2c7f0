import { expect, test } from "vitest";
import type { ChannelMessage } from "../../src/conversation/domain/message.ts";
import type { Reply } from "../../src/conversation/domain/reply.ts";
import { until } from "../until.ts";
import { type Started, startDiscord } from "./start-discord.ts";

const long = Array.from({ length: 200 }, (_, index) => `Sentence number ${index}.`).join(" ");
const done: Reply = { text: "Done.", end: "complete", buttons: [[{ label: "Regenerate", command: "/regenerate" }]] };

const answers = ({ discord }: Started, channel: string, viewer?: string) =>
  discord.transcript(channel, viewer).flatMap(({ author, content }) => (author === "parley" ? [content] : []));

/** Ada asks so that only she sees the answer. */
async function askPrivately({ discord, heard }: Started, channel: string): Promise<ChannelMessage> {
  const options = { question: "Am I alone?", private: true };
  discord.interact({ channel, author: "Ada", command: "chat", options });
  return await heard("Am I alone?");
}

/** A turn as it is when the interaction's quarter of an hour is over. */
const late = { ageMs: 15 * 60_000 };

test("a question can be asked by a slash command, and is answered where everybody sees it", async () => {
  const started = await startDiscord();
  const { discord, heard } = started;
  const channel = discord.serverChannel();
  discord.interact({ channel, author: "Ada", command: "chat", options: { question: "/why not?" } });
  const question = await heard("/why not?");
  expect(question).toMatchObject({ audience: "group", room: `${discord.botId}/${channel}` });
  await started.show(question, done);
  expect(answers(started, channel)).toEqual(["Done."]);
});

test("a private question is of its author alone: in a room of their own, answered so that nobody else sees it", async () => {
  const started = await startDiscord({ rateLimit: undefined });
  const { discord } = started;
  const channel = discord.serverChannel();
  const question = await askPrivately(started, channel);
  expect(question).toMatchObject({
    audience: "direct",
    room: `${discord.botId}/${channel}/private/${discord.userId("Ada")}`,
  });
  let shown = await started.show(question, { text: "Ye" });
  shown = await started.show(question, { text: long, end: "complete" }, { shown });
  expect(shown).toHaveLength(3);
  expect(answers(started, channel, "Ada").join(" ")).toBe(long);
  expect(answers(started, channel, "Eve")).toEqual([]);
  expect(answers(started, channel)).toEqual([]);
  expect(await started.show(question, done, { shown })).toEqual(shown.slice(0, 1));
  expect(answers(started, channel, "Ada")).toEqual(["Done."]);
});

test("after a quarter of an hour a private answer comes by direct message, never into the channel", async () => {
  const started = await startDiscord();
  const { discord } = started;
  const channel = discord.serverChannel();
  const question = await askPrivately(started, channel);
  let shown = await started.show(question, { text: "Ye" }, { ...late, shown: ["12345678901234567890"] });
  expect(answers(started, discord.dm("Ada"))).toEqual(["Ye"]);
  shown = await started.show(question, done, { ...late, shown });
  await started.show(question, done, { ...late, shown });
  expect(answers(started, discord.dm("Ada"))).toEqual(["Done."]);
  expect(discord.transcript(discord.dm("Ada")).at(-1)).not.toHaveProperty("buttons");
  expect(answers(started, channel)).toEqual([]);
});

test("a private question that another instance took and never acknowledged is answered directly", async () => {
  const started = await startDiscord();
  const { discord } = started;
  const channel = discord.serverChannel();
  discord.failNext({ path: /callback$/ }, { status: 404, body: { code: 10_062, message: "Unknown interaction" } });
  const question = await askPrivately(started, channel);
  await started.show(question, done, { ageMs: 10_000 });
  expect(answers(started, discord.dm("Ada"))).toEqual(["Done."]);
  expect(answers(started, channel)).toEqual([]);
});

test("a button under a private answer is pressed in private", async () => {
  const started = await startDiscord();
  const { discord, heard } = started;
  const channel = discord.serverChannel();
  const question = await askPrivately(started, channel);
  const shown = await started.show(question, done);
  discord.press({ messageId: shown[0] ?? "", author: "Ada", label: "Regenerate" });
  const press = await heard("/regenerate");
  expect(press).toMatchObject({ audience: "direct", room: question.room });
  await started.show(press, { ...done, text: "Anew." }, { shown });
  expect(answers(started, channel, "Ada")).toEqual(["Anew."]);
  await started.show(press, { text: "Below.", end: "complete" });
  expect(answers(started, channel, "Ada")).toEqual(["Anew.", "Below."]);
  expect(answers(started, channel)).toEqual([]);
});

test("a long private answer that is regenerated begins where the button was, for nothing above can be changed", async () => {
  const started = await startDiscord({ rateLimit: undefined });
  const { discord, heard } = started;
  const channel = discord.serverChannel();
  const shown = await started.show(await askPrivately(started, channel), { ...done, text: long });
  const before = answers(started, channel, "Ada");
  discord.press({ messageId: shown.at(-1) ?? "", author: "Ada", label: "Regenerate" });
  const press = await heard("/regenerate");
  const again = await started.show(press, { ...done, text: `Anew. ${long}` }, { shown });
  expect(again[0]).toBe(shown.at(-1));
  const all = answers(started, channel, "Ada");
  expect(all.slice(0, 2)).toEqual(before.slice(0, 2));
  expect(all.slice(2).join(" ")).toBe(`Anew. ${long}`);
  await started.show(press, { ...done, text: `Anew. ${long}` }, { shown: again });
  expect(answers(started, channel, "Ada")).toEqual(all);
});

test("where the bot is no member, all of an answer comes by the interaction's token, and nothing else is tried", async () => {
  const started = await startDiscord();
  const { discord, heard } = started;
  const channel = discord.outsideChannel();
  discord.interact({ channel, author: "Ada", command: "chat", options: { question: "And here?" } });
  const question = await heard("And here?");
  expect(question).toMatchObject({ audience: "group" });
  let shown = await started.show(question, { text: "" });
  shown = await started.show(question, { text: long, end: "complete" }, { shown });
  await started.show(question, { ...done, file: { name: "a.md", mimeType: "text/markdown", text: "all" } }, { shown });
  expect(answers(started, channel)).toEqual(["Done."]);
  expect(discord.calls.filter(({ path }) => path.startsWith(`/channels/${channel}`))).toEqual([]);

  await started.show(question, { text: "Late.", end: "complete" }, late);
  expect(answers(started, discord.dm("Ada"))).toEqual(["Late."]);
  const turn = { id: "t", message: question, attempt: 1, shown: [], ...late };
  expect(started.channel.opensRoom?.(turn)).toBe(true);
});

test("a server that did not invite the bot is a group, in which everybody sees what people may show there", async () => {
  const started = await startDiscord();
  const channel = started.discord.outsideChannel("server");
  started.discord.interact({ channel, author: "Ada", command: "chat", options: { question: "And here?" } });
  const question = await started.heard("And here?");
  expect(question).toMatchObject({ audience: "group", room: `${started.discord.botId}/${channel}` });
  await started.show(question, done);
  expect(answers(started, channel, "Eve")).toEqual(["Done."]);
});

test("a server that lets nobody show what it did not invite leaves everybody a room of their own, buttons included", async () => {
  const started = await startDiscord();
  const { discord, heard } = started;
  const channel = discord.outsideChannel("hiding-server");
  discord.interact({ channel, author: "Ada", command: "chat", options: { question: "And here?" } });
  const question = await heard("And here?");
  const room = `${discord.botId}/${channel}/private/${discord.userId("Ada")}`;
  expect(question).toMatchObject({ audience: "direct", room });
  const shown = await started.show(question, done);
  expect(answers(started, channel, "Ada")).toEqual(["Done."]);
  expect(answers(started, channel, "Eve")).toEqual([]);

  discord.press({ messageId: shown[0] ?? "", author: "Ada", label: "Regenerate" });
  expect(await heard("/regenerate")).toMatchObject({ audience: "direct", room });
  discord.interact({ channel, author: "Ada", command: "export" });
  expect(await heard("/export")).toMatchObject({ audience: "direct", room });
});

test("a part whose sending aside broke off unheard is sent again, and that is told", async () => {
  const started = await startDiscord();
  const { discord } = started;
  const channel = discord.serverChannel();
  const question = await askPrivately(started, channel);
  const shown = await started.show(question, { text: "Ye" });
  discord.failNext({ method: "POST", path: /^\/webhooks/ }, "reset");
  const showing = started.show(question, { text: long, end: "complete" }, { shown });
  await expect(showing).rejects.toMatchObject({ retryable: true });
  await started.show(question, { text: long, end: "complete" }, { shown });
  expect(started.unsettled).toEqual([question.room]);
  expect(answers(started, channel, "Ada").join(" ")).toBe(long);
});

test("a private question that is not taken is refused in private", async () => {
  const started = await startDiscord();
  const { discord } = started;
  const channel = discord.serverChannel();
  started.receipt = { kind: "refused", sentence: "Too many messages.", retryAfterMs: 60_000 };
  discord.interact({ channel, author: "Ada", command: "chat", options: { question: "?", private: true } });
  await until(() => answers(started, channel, "Ada").includes("Too many messages."), "the sentence");
  expect(answers(started, channel)).toEqual([]);
});
