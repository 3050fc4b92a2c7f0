import { expect, test } from "vitest";
import { StoreError } from "../../src/conversation/domain/errors.ts";
import type { ChannelMessage } from "../../src/conversation/domain/message.ts";
import type { Reply } from "../../src/conversation/domain/reply.ts";
import { until } from "../until.ts";
import { type Started, startDiscord } from "./start-discord.ts";

const stop = { label: "Stop", command: "/stop" };
const again = { label: "Regenerate", command: "/regenerate" };
const model = { label: "Model", command: "/model" };
const done: Reply = { text: "Done.", end: "complete", buttons: [[again, model]] };

async function ask({ discord, heard }: Started, channel: string, text = "Hello?"): Promise<ChannelMessage> {
  discord.say({ channel, author: "Ada", content: `<@${discord.botId}> ${text}` });
  return await heard(text);
}
const answers = ({ discord }: Started, channel: string, viewer?: string) =>
  discord
    .transcript(channel, viewer)
    .flatMap(({ author, content, buttons }) => (author === "parley" ? [[content, ...(buttons ?? [])]] : []));

test("a growing answer can be stopped, and a whole one regenerated", async () => {
  const started = await startDiscord();
  const channel = started.discord.serverChannel("voice");
  const question = await ask(started, channel);
  const shown = await started.show(question, { text: "Do", buttons: [[stop]] });
  expect(answers(started, channel)).toEqual([["Do", "Stop"]]);
  await started.show(question, done, { shown });
  expect(answers(started, channel)).toEqual([["Done.", "Regenerate", "Model"]]);
});

test("buttons that change under the same words are changed, and those that stay cost nothing", async () => {
  const started = await startDiscord();
  const channel = started.discord.serverChannel("voice");
  const question = await ask(started, channel);
  const shown = await started.show(question, { text: "Done.", buttons: [[stop]] });
  await started.show(question, done, { shown });
  expect(answers(started, channel)).toEqual([["Done.", "Regenerate", "Model"]]);
  const before = started.discord.calls.length;
  await started.show(question, done, { shown });
  expect(started.discord.calls).toHaveLength(before);
});

test("buttons stand under the last part only", async () => {
  const started = await startDiscord({ rateLimit: undefined });
  const channel = started.discord.serverChannel("voice");
  const question = await ask(started, channel);
  const shown = await started.show(question, { text: "Short.", buttons: [[stop]] });
  const text = Array.from({ length: 200 }, (_, index) => `Sentence number ${index}.`).join(" ");
  await started.show(question, { ...done, text }, { shown });
  expect(answers(started, channel).map(([, ...buttons]) => buttons)).toEqual([[], [], ["Regenerate", "Model"]]);
});

test("buttons that Discord would refuse are left out", async () => {
  const started = await startDiscord();
  const channel = started.discord.serverChannel("voice");
  const many = Array.from({ length: 7 }, (_, row) =>
    Array.from({ length: 6 }, (_, at) => ({ label: `${row}-${at} ${"long ".repeat(20)}`, command: `/m ${row}-${at}` })),
  );
  const odd = [{ label: " ", command: "/a" }, model, model, { label: "Long", command: `/${"x".repeat(100)}` }];
  await started.show(await ask(started, channel), { ...done, buttons: [odd, [], ...many] });
  const labels = answers(started, channel)[0]?.slice(1) ?? [];
  expect(labels).toHaveLength(1 + 4 * 5);
  expect(labels[0]).toBe("Model");
  expect(labels.every((label) => label.length <= 80)).toBe(true);
});

test("when a newer answer begins, the buttons of the one before go away, once", async () => {
  const started = await startDiscord();
  const channel = started.discord.serverChannel("voice");
  const [buttonsAt = ""] = await started.show(await ask(started, channel, "one"), done);
  const question = await ask(started, channel, "two");
  const shown = await started.show(question, { text: "Se", buttons: [[stop]] }, { buttonsAt });
  expect(answers(started, channel)).toEqual([["Done."], ["Se", "Stop"]]);
  const patches = () =>
    started.discord.calls.filter(({ method, path }) => method === "PATCH" && path.endsWith(buttonsAt));
  await started.show(question, { ...done, text: "Second." }, { shown, buttonsAt });
  expect(answers(started, channel)).toEqual([["Done."], ["Second.", "Regenerate", "Model"]]);
  expect(patches()).toHaveLength(1);
});

test("buttons that cannot be taken away do not hold up the answer", async () => {
  const started = await startDiscord();
  const channel = started.discord.serverChannel("voice");
  await started.show(await ask(started, channel), done, { buttonsAt: "12345678901234567890" });
  expect(answers(started, channel)).toHaveLength(1);
});

test("a press is acknowledged at once, and is its command from the one who pressed", async () => {
  const started = await startDiscord();
  const { discord, heard } = started;
  const channel = discord.serverChannel("voice");
  const question = await ask(started, channel);
  const [messageId = ""] = await started.show(question, done);
  const id = discord.press({ messageId, author: "Ada", label: "Regenerate", locale: "de" });
  expect(await heard("/regenerate")).toMatchObject({
    id: `interaction:${id}`,
    about: { kind: "pressed", turnId: `turn ${question.id}` },
    author: { name: "Ada" },
    language: "de",
  });
  await until(
    () => discord.calls.some(({ path, status }) => path.endsWith("/callback") && status === 204),
    "its answer",
  );
  expect(discord.calls.find(({ path }) => path.endsWith("/callback"))?.body).toEqual({ type: 6 });
  expect(answers(started, channel)).toEqual([["Done.", "Regenerate", "Model"]]);
});

test("what a press asks for stands in the place of the answer, or below it", async () => {
  const started = await startDiscord();
  const { discord, heard } = started;
  const channel = discord.serverChannel("voice");
  const shown = await started.show(await ask(started, channel), done);
  discord.press({ messageId: shown[0] ?? "", author: "Ada", label: "Regenerate" });
  expect(await started.show(await heard("/regenerate"), { ...done, text: "Anew." }, { shown })).toEqual(shown);
  expect(answers(started, channel)).toEqual([["Anew.", "Regenerate", "Model"]]);

  discord.press({ messageId: shown[0] ?? "", author: "Ada", label: "Model" });
  await started.show(await heard("/model"), { text: "Model: x", end: "complete" }, { buttonsAt: shown[0] ?? "" });
  expect(answers(started, channel)).toEqual([["Anew."], ["Model: x"]]);
});

test("while an answer is written anew the room shows typing, and the old one stands until then", async () => {
  const started = await startDiscord();
  const { discord, heard } = started;
  const channel = discord.serverChannel("voice");
  const shown = await started.show(await ask(started, channel), done);
  discord.press({ messageId: shown[0] ?? "", author: "Ada", label: "Regenerate" });
  expect(await started.show(await heard("/regenerate"), { text: "" }, { shown })).toEqual(shown);
  expect(discord.calls.at(-1)).toMatchObject({ path: `/channels/${channel}/typing`, status: 204 });
  expect(answers(started, channel)).toEqual([["Done.", "Regenerate", "Model"]]);
});

test("somebody else's press is refused so that only they see it; a moderator's is not", async () => {
  const started = await startDiscord();
  const { discord, heard } = started;
  const channel = discord.serverChannel("voice");
  const [messageId = ""] = await started.show(await ask(started, channel), done);
  discord.press({ messageId, author: "Eve", label: "Regenerate" });
  await until(() => answers(started, channel, "Eve").length === 2, "the refusal");
  expect(answers(started, channel, "Eve")[1]?.[0]).toContain("Only the person who asked");
  expect(answers(started, channel)).toHaveLength(1);
  expect(started.kept.map(({ text }) => text)).toEqual(["Hello?"]);

  discord.promote("Mod");
  discord.press({ messageId, author: "Mod", label: "Regenerate" });
  const press = await heard("/regenerate");
  expect(press).toMatchObject({ author: { name: "Mod" } });

  // The answer that the moderator had written anew is still hers who asked.
  const askerId = started.kept[0]?.author.id ?? "";
  await started.show(press, { ...done, text: "Anew.", askerId }, { shown: [messageId] });
  discord.press({ messageId, author: "Ada", label: "Model" });
  expect(await heard("/model")).toMatchObject({ author: { name: "Ada" } });
});

test("a press that cannot be taken says so to its author, and leaves the answer as it is", async () => {
  const started = await startDiscord();
  const { discord } = started;
  const channel = discord.dm("Ada");
  const [messageId = ""] = await started.show(await ask(started, channel), done);
  started.failWith = new Error("a bug");
  discord.press({ messageId, author: "Ada", label: "Regenerate" });
  await until(() => answers(started, channel, "Ada").length === 2, "the sentence");
  expect(answers(started, channel, "Ada")).toEqual([
    ["Done.", "Regenerate", "Model"],
    ["Sorry, that could not be taken. Please try again."],
  ]);
});

test("people see at once that a command was heard, also while the database is away", async () => {
  const started = await startDiscord();
  const { discord, heard } = started;
  const channel = discord.serverChannel();
  started.failWith = new StoreError("the database is away", undefined);
  const askedAtMs = Date.now();
  discord.interact({ channel, author: "Ada", command: "help" });
  await until(
    () => discord.calls.some(({ path, status }) => path.endsWith("/callback") && status === 204),
    "its answer",
  );
  expect(Date.now() - askedAtMs).toBeLessThan(3_000); // Discord waits no longer
  started.failWith = undefined;
  await heard("/help");
});
