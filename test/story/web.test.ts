import { afterEach, beforeEach, expect, test } from "vitest";
import { until } from "../until.ts";
import { openWorld, type World } from "./open-world.ts";
import { visit } from "./visit.ts";

let world: World;

beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

test("a message on the page is answered by the AI, and the answer grows before it is there", async () => {
  const { url } = await world.start();
  const page = await visit(url);
  world.ai.answer = () => "one two three four";
  world.ai.hold();
  const { id } = await page.write("count");
  for (const grown of ["one", "one two", "one two three"]) {
    world.ai.release(1);
    await until(() => page.draft() === grown, `“${grown}”`, 30_000);
  }
  world.ai.release();
  expect((await page.answerTo(id)).reply).toMatchObject({ text: "one two three four", end: "complete" });
});

test("the AI reads what was said before, and nothing that somebody else said", async () => {
  const { url } = await world.start();
  const [ada, bob] = [await visit(url), await visit(url)];
  await ada.ask("my name is Ada");
  await bob.ask("my name is Bob");
  await ada.ask("who am I?");
  expect(world.ai.requests.at(-1)?.body.messages.map(({ role, content }) => [role, content])).toEqual([
    ["system", expect.any(String)],
    ["user", "my name is Ada"],
    ["assistant", "You said: my name is Ada"],
    ["user", "who am I?"],
  ]);
  expect(bob.turns().map(({ text }) => text)).not.toContain("my name is Ada");
});

test("/model sets the model for the next answers, and names the nearest ones when there is none", async () => {
  const { url } = await world.start();
  world.ai.models = ["test-model", "other-model", "gpt-5", "gpt-5-mini"];
  const page = await visit(url);
  expect((await page.ask("/model"))?.text).toContain("`test-model` (the default)");
  expect((await page.ask("/model other-model"))?.text).toBe("Model set to: other-model");
  await page.ask("hello");
  expect(world.ai.requests.at(-1)?.body.model).toBe("other-model");
  expect((await page.ask("/model gpt-5-min"))?.text).toMatch(/no model “gpt-5-min”. Did you mean `gpt-5-mini`/);
  expect((await page.ask("/model gpt-5 --conversation"))?.text).toBe("Model set to: gpt-5 (for this conversation)");
  await page.ask("hello again");
  expect(world.ai.requests.at(-1)?.body.model).toBe("gpt-5");
  expect((await page.ask("/status"))?.text).toMatch(
    /`gpt-5` \(set for this conversation\)\n- Messages in this conversation: 4/,
  );
});

test("/reset starts a conversation in which nothing was said, and keeps the model", async () => {
  const { url } = await world.start();
  const page = await visit(url);
  await page.ask("/model other-model");
  await page.ask("remember the number 7");
  expect((await page.ask("/reset"))?.text).toBe("Conversation reset! Starting fresh.");
  await page.ask("which number?");
  const last = world.ai.requests.at(-1)?.body;
  expect(last?.messages.map(({ content }) => content).slice(1)).toEqual(["which number?"]);
  expect(last?.model).toBe("other-model");
});

test("/stop ends the running answer and keeps what is written; what waits behind is answered", async () => {
  const { url } = await world.start();
  const page = await visit(url);
  world.ai.answer = ({ body }) =>
    String(body.messages.at(-1)?.content).includes("story") ? "once upon a time there was" : "fine";
  world.ai.hold();
  const story = await page.write("tell me a story");
  await until(() => world.ai.running === 1, "the AI is asked");
  world.ai.release(3);
  await until(() => page.draft() === "once upon a", "the story has begun", 30_000);
  const next = await page.write("how are you?");
  await page.write("/stop");
  const stopped = (await page.answerTo(story.id)).reply;
  expect(stopped).toMatchObject({ text: "once upon a", end: "stopped" });
  world.ai.release();
  expect((await page.answerTo(next.id)).reply?.text).toBe("fine");
  await until(() => world.ai.aborted.length === 1, "the AI's answer is cut off");
});

test("text that only looks like a command goes to the AI, and a near miss is asked back", async () => {
  const { url } = await world.start();
  const page = await visit(url);
  expect((await page.ask("/shrug"))?.text).toBe("You said: /shrug");
  expect((await page.ask("/etc/hosts is what?"))?.text).toBe("You said: /etc/hosts is what?");
  expect((await page.ask("/modle gpt-5"))?.text).toContain("Did you mean /model?");
  expect(world.ai.requestCount).toBe(2);
});

test("messages written while an answer runs are answered after it, in order", async () => {
  const { url } = await world.start();
  const page = await visit(url);
  world.ai.hold();
  const ids: string[] = [];
  for (const text of ["one", "two", "three"]) ids.push((await page.write(text)).id);
  world.ai.release();
  for (const id of ids) await page.answerTo(id);
  expect(world.ai.requests.map(({ body }) => body.messages.at(-1)?.content)).toEqual(["one", "two", "three"]);
  expect(world.ai.requests.at(-1)?.body.messages).toHaveLength(6);
});

test("too many messages in a minute are refused at the door with the time to wait", async () => {
  const { url } = await world.start({ RATE_LIMIT_PER_MINUTE: "2" });
  const page = await visit(url);
  await page.ask("one");
  await page.ask("two");
  const { response } = await page.write("three");
  expect(response.status).toBe(429);
  expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(30);
});

test("while the AI takes no requests the person is told, and answered when it does again", async () => {
  const { url } = await world.start();
  const page = await visit(url);
  const busy = { error: { message: "secret internals", code: "rate_limit_exceeded" } };
  world.ai.failNext(1, { status: 429, body: busy, headers: { "retry-after": "11" } });
  const { id } = await page.write("hello?");
  const notice = await until(() => page.drafts().find(({ text }) => text.includes("⏳")), "the notice", 30_000);
  expect(notice.text).toContain("Your message is kept");
  expect(notice.text).not.toContain("secret");
  expect((await page.answerTo(id)).reply?.text).toBe("You said: hello?");
});

test("a failure that no waiting mends is told at once, with a reference and without the provider's words", async () => {
  const { url } = await world.start();
  const page = await visit(url);
  world.ai.failNext(1, { status: 401, body: { error: { message: "Incorrect API key provided: sk-secret" } } });
  const told = (await page.ask("hello?"))?.text ?? "";
  expect(told).toMatch(/refused this bot’s key.*\(ref T\d+\)/);
  expect(told).not.toContain("sk-secret");
  expect((await page.ask("and now?"))?.text).toContain("You said:");
});

test("a conversation that is too long for the model goes on with less of it", async () => {
  const { url } = await world.start();
  const page = await visit(url);
  await page.ask("a".repeat(12_000));
  world.ai.failNext(1, {
    status: 400,
    body: { error: { message: "maximum context length is 4096", code: "context_length_exceeded" } },
  });
  expect((await page.ask("short"))?.text).toContain("short");
});

test("a browser that prefers German is spoken to in German, and the one beside it in English", async () => {
  const { url } = await world.start({ RATE_LIMIT_PER_MINUTE: "4" });
  const [german, english] = [await visit(url, "nl, de-AT;q=0.9, en;q=0.8"), await visit(url)];
  expect((await german.ask("/help"))?.text).toMatch(
    /^Schreib mir einfach.*\n\n- `\/help` Was ich kann\n- `\/model NAME` /,
  );
  expect((await german.ask("/modle"))?.text).toContain("Meintest du /model?");
  world.ai.failNext(1, { status: 401, body: { error: { message: "Incorrect API key provided" } } });
  expect((await german.ask("hello"))?.text).toMatch(
    /^⚠️ Die KI hat den Schlüssel dieses Bots abgelehnt.* \(ref T\d+\)$/,
  );
  expect((await german.ask("/reset"))?.text).toBe("Gespräch zurückgesetzt! Wir fangen neu an.");
  const { response } = await german.write("one too many");
  expect(await response.json()).toMatchObject({
    message: expect.stringMatching(/^Das war viel auf einmal. In \d+ Sek/),
  });
  expect((await english.ask("/reset"))?.text).toBe("Conversation reset! Starting fresh.");
});
