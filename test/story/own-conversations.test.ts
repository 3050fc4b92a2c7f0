import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openWorld, type World } from "./open-world.ts";
import { until } from "../until.ts";
import { visit } from "./visit.ts";

let world: World;

beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const lastPrompt = () => world.ai.requests.at(-1)?.body.messages.map(({ content }) => content) ?? [];

test("a person tells the model how to answer in one conversation, and takes it back", async () => {
  const page = await visit((await world.start()).url);
  expect((await page.ask("/system"))?.text).toContain("no instructions");
  await page.ask("/system Answer like a pirate.\nBriefly.");
  expect((await page.ask("/system"))?.text).toContain("> Answer like a pirate.\n> Briefly.");
  await page.ask("hello");
  expect(lastPrompt()[0]).toMatch(/helpful assistant[\s\S]*Answer like a pirate\.\nBriefly\.$/);
  expect((await page.ask(`/system ${"long ".repeat(1_000)}`))?.text).toContain("too long");
  await page.ask("/system default");
  await page.ask("hello again");
  expect(lastPrompt()[0]).not.toContain("pirate");
  await page.ask("/system Answer in rhymes.");
  await page.ask("/reset");
  await page.ask("anew");
  expect(lastPrompt()[0]).not.toContain("rhymes");
});

test("the model is whom a person chooses among the operator's personas, until the conversation ends", async () => {
  const folder = await mkdtemp(join(tmpdir(), "parley-personas-"));
  const file = join(folder, "personas.json");
  await writeFile(
    file,
    JSON.stringify([
      { name: "pirate", title: "Captain Anne", instructions: "You are a pirate." },
      { name: "tutor", title: "a patient tutor", instructions: "You teach." },
    ]),
  );
  const page = await visit((await world.start({ PERSONAS: file })).url);
  expect((await page.ask("/persona"))?.text).toMatch(/`\/persona pirate` Captain Anne\n- `\/persona tutor`/);
  expect((await page.ask("/persona Pirate"))?.text).toContain("Captain Anne");
  await page.ask("hello");
  expect(lastPrompt()[0]).toBe("You are a pirate.");
  expect((await page.ask("/persona nobody"))?.text).toContain("no persona “nobody”");
  await page.ask("/persona default");
  await page.ask("hello");
  expect(lastPrompt()[0]).toMatch(/helpful assistant/);
  await rm(folder, { recursive: true });
});

test("an earlier conversation is found and goes on where it ended; nobody else's can be", async () => {
  const { url } = await world.start();
  const [ada, bob] = [await visit(url), await visit(url)];
  expect((await ada.ask("/resume"))?.text).toContain("no earlier conversation");
  await ada.ask("my cat is called Tom *the great*");
  await ada.ask("/reset");
  await ada.ask("something else");
  const listed = (await ada.ask("/resume"))?.text ?? "";
  const [, id = ""] = /`\/resume (\d+)` “my cat is called Tom \\\*the great\\\*”/.exec(listed) ?? [];
  expect(listed.indexOf("something else")).toBeLessThan(listed.indexOf("my cat"));
  expect((await bob.ask(`/resume ${id}`))?.text).toContain("no such conversation");
  expect((await ada.ask("/resume 999999999999"))?.text).toContain("no such conversation");

  expect((await ada.ask(`/resume ${id}`))?.text).toContain("my cat is called Tom");
  await ada.ask("what is it called?");
  expect(lastPrompt().slice(1)).toEqual([
    "my cat is called Tom *the great*",
    "You said: my cat is called Tom *the great*",
    "what is it called?",
  ]);
});

test("a conversation is saved as a file, for people and for programs", async () => {
  const page = await visit((await world.start()).url);
  expect((await page.ask("/export"))?.text).toContain("nothing to save");
  await page.ask("hello");
  const markdown = await page.ask("/export");
  expect(markdown?.file).toMatchObject({ name: "conversation.md", mimeType: "text/markdown" });
  expect(markdown?.file?.text).toMatch(
    /^### Visitor · .* UTC\n\nhello\n\n### test-model · .* UTC\n\nYou said: hello\n$/,
  );
  const json = await page.ask("/export json");
  expect(JSON.parse(json?.file?.text ?? "")).toMatchObject({
    messages: [
      { role: "user", text: "hello" },
      { role: "assistant", model: "test-model", text: "You said: hello" },
    ],
  });
  expect((await page.ask("/export pdf"))?.text).toContain("/export json");
});

test("of a conversation that is more than a file may hold, the newest messages are saved", async () => {
  const page = await visit((await world.start()).url);
  for (const text of ["first", "second", "third"]) await page.ask(text);
  await world.run("update messages set content = content || repeat(' and so on', 200000)"); // 2 MB each
  const saved = await page.ask("/export");
  expect(saved?.text).toContain("Messages in it: 3.");
  expect(saved?.file?.text.match(/^You said: \w+|^(?:first|second|third)/gm)).toEqual([
    "You said: second",
    "third",
    "You said: third",
  ]);
});

test("everything that is kept of a person is deleted when they ask for it twice, and nothing of anybody else", async () => {
  const { url } = await world.start();
  const [ada, bob] = [await visit(url), await visit(url)];
  await ada.ask("a secret of Ada's");
  await ada.ask("/reset");
  await ada.ask("another secret of Ada's");
  await bob.ask("a word of Bob's");
  const asked = (await ada.ask("/forget"))?.text ?? "";
  expect(asked).toMatch(
    /Messages: 2\n- Answers to them: 2\n- Conversations of your own: 2\n- Days of usage figures: 1\n- Your name, your settings/,
  );
  const [, code = ""] = /`\/forget (\w+)`/.exec(asked) ?? [];
  expect((await bob.ask(`/forget ${code}`))?.text).toContain("To delete all of it");
  expect(await world.count("messages where content like '%Ada%'")).toBe(4);

  const done = (await ada.ask(`/forget ${code}`))?.text ?? "";
  expect(done).toMatch(/Deleted for good:\n\n- Messages: 2\n[\s\S]*Receipt T\d+, .* UTC/);
  for (const words of [
    "messages where content like '%secret%'",
    "turns where message::text || reply::text like '%secret%'",
  ])
    expect(await world.count(words), words).toBe(0);
  expect(await world.count("messages where content like '%Bob%'")).toBe(2);
  expect((await ada.ask("/forget"))?.text).toMatch(
    /Messages: 0\n- Answers to them: 0\n- Conversations of your own: 0\n/,
  );
  await ada.ask("hello");
  expect(lastPrompt().slice(1)).toEqual(["hello"]);
});

test("who has only given commands is forgotten too, with name, choices and the asking itself", async () => {
  const page = await visit((await world.start()).url);
  await page.ask("/system Answer like a pirate.");
  await page.ask("/reset");
  const [, code = ""] = /`\/forget (\w+)`/.exec((await page.ask("/forget"))?.text ?? "") ?? [];
  expect((await page.ask(`/forget ${code}`))?.text).toContain("Deleted for good");
  expect(await world.count("users")).toBe(0);
  const named = "turns where message->'author'->>'id' <> 'forgotten' or message->>'text' <> ''";
  await until(async () => (await world.count(named)) === 0, "nothing tells who it was");
});

test("the last question is answered once more, without its first answer in the prompt; a cut answer goes on", async () => {
  const page = await visit((await world.start()).url);
  expect((await page.ask("/regenerate"))?.text).toContain("no answer here");
  await page.ask("tell me");
  await page.ask("/model test-model");
  world.ai.answer = () => "a second answer";
  expect((await page.ask("/regenerate"))?.text).toBe("a second answer");
  expect(lastPrompt().slice(1)).toEqual(["tell me"]);
  await page.ask("/continue");
  expect(lastPrompt().slice(1)).toEqual(["tell me", "a second answer", "Go on exactly where you stopped."]);
});

test("a continuation that I do not like is written once more, and again, from where the answer before it stopped", async () => {
  const page = await visit((await world.start()).url);
  world.ai.answer = () => "one two";
  await page.ask("count");
  for (const command of ["/continue", "/regenerate", "/regenerate"]) {
    world.ai.answer = () => `after ${command}`;
    expect((await page.ask(command))?.text).toBe(`after ${command}`);
    expect(lastPrompt().slice(1)).toEqual(["count", "one two", "Go on exactly where you stopped."]);
  }
});

test("it tells what is kept, with the operator's own words, and why it answers", async () => {
  const page = await visit((await world.start({ PRIVACY_NOTE: "Run by Eve, eve@example.org." })).url);
  expect((await page.ask("/privacy"))?.text).toMatch(/kept in this bot’s own database[\s\S]*Run by Eve/);
  expect((await page.ask("/why"))?.text).toMatch(/answer everything that you write here[\s\S]*`test-model`/);
});
