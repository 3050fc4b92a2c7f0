import { afterEach, beforeEach, expect, test } from "vitest";
import { say } from "../../src/conversation/domain/words/say.ts";
import type { TelegramDouble } from "../doubles/telegram-double.ts";
import type { Said } from "../doubles/telegram-rooms.ts";
import { until } from "../until.ts";
import { openTelegramWorld, type TelegramWorld } from "./open-telegram-world.ts";
import { type OwnRoom, useOwnCommands, withOwnCommands } from "./use-own-commands.ts";

let world: TelegramWorld;
let telegram: TelegramDouble;

beforeEach(async () => {
  world = await openTelegramWorld();
  ({ telegram } = world);
});
afterEach(() => world.close());

const ours = (chat: number) => telegram.transcript(chat).filter(({ fromBot }) => fromBot);
const texts = (chat: number) => ours(chat).map(({ text }) => text);
const labels = (chat: number) => ours(chat).map(({ buttons }) => buttons.flat().map(({ text }) => text));
const untilSaid = (chat: number, text: string | RegExp) =>
  until(
    () => ours(chat).find((said) => (typeof text === "string" ? said.text === text : text.test(said.text))),
    `“${text}”`,
    30_000,
  );
const button = (name: "regenerate" | "continue" | "model" | "stop") => say("en", `buttons.${name}`);

const ada = { id: 501, first_name: "Ada" };
const bob = { id: 502, first_name: "Bob", language_code: "de" };
const carol = { id: 503, first_name: "Carol" };
const group = { id: -1_000_000_001_001, title: "Friends", admins: [carol.id] };

test("in a private chat it thinks, writes before one's eyes, and sends one message", async () => {
  await world.startBot();
  await until(() => telegram.callsOf("getUpdates").length > 0, "it polls", 30_000);
  world.ai.hold();
  telegram.say({ chat: 501, text: "Tell me" });
  await until(() => world.ai.running > 0, "the AI is asked", 30_000);
  await until(() => telegram.draft(501), "a first sign");
  world.ai.release(2);
  const growing = await until(() => telegram.draft(501)?.text, "the first words", 30_000);
  expect("You said: Tell me").toContain(growing);
  expect(telegram.draft(501)?.canStop).toBe(true);
  expect(ours(501)).toEqual([]);
  world.ai.release();
  expect(await untilSaid(501, "You said: Tell me")).toMatchObject({ edits: 0 });
  expect(telegram.draft(501)).toBeUndefined();
});

test("who stops the writing keeps what is written, and can let it go on", async () => {
  world.ai.answer = ({ body }) => (body.messages.length > 2 ? "four five six" : "one two three four five six");
  await world.startBot();
  world.ai.hold();
  telegram.say({ chat: 501, text: "Count" });
  await until(() => world.ai.running > 0, "the AI is asked", 30_000);
  world.ai.release(3);
  await until(() => telegram.draft(501)?.text === "one two three", "three words", 30_000);
  telegram.stop(501);
  const stopped = await untilSaid(501, /^one two three\s+\(stopped\)$/);
  world.ai.release();
  await until(
    async () => (await world.count("turns where state = 'delivered'")) === 2,
    "the stop itself is done",
    30_000,
  );
  expect(labels(501)).toEqual([[button("continue"), button("regenerate"), button("model")]]);
  telegram.press(501, stopped.id, button("continue"));
  await untilSaid(501, /four five six$/);
});

test("who stops it before its first word is answered when they ask again, also where a model takes no blank messages", async () => {
  await world.startBot();
  world.ai.hold();
  telegram.say({ chat: 501, text: "Tell me" });
  await until(() => telegram.draft(501), "a first sign", 30_000);
  telegram.stop(501);
  await untilSaid(501, "(stopped)");
  world.ai.release();
  telegram.say({ chat: 501, text: "And now?" });
  await untilSaid(501, /^You said: .*And now\?$/s);
});

test("buttons work after a restart, on another instance, and stand under the newest answer only", async () => {
  const first = await world.startBot();
  telegram.say({ chat: 501, text: "One" });
  const answer = await untilSaid(501, "You said: One");
  await first.kill();

  world.ai.answer = () => "Said anew";
  await Promise.all([world.startBot(), world.startBot()]);
  const press = telegram.press(501, answer.id, button("regenerate"));
  await untilSaid(501, "Said anew");
  await until(() => telegram.presses.get(press)?.answer, "no spinner stays");
  expect(texts(501)).toEqual(["Said anew"]);

  telegram.say({ chat: 501, text: "Two" });
  await until(() => ours(501).length === 2, "the second answer", 30_000);
  await until(() => labels(501)[0]?.length === 0, "the first answer's buttons are gone", 30_000);
  expect(labels(501)[1]).toContain(button("regenerate"));
});

test("a button that is tapped twice works once", async () => {
  await Promise.all([world.startBot(), world.startBot()]);
  const twice = async (id: number, name: "regenerate" | "continue", kept: number) => {
    for (const _ of [1, 2]) telegram.press(501, id, button(name));
    await until(async () => (await world.count("turns")) === kept, "both presses are kept", 30_000);
  };
  const untilDone = (turns: number) =>
    until(async () => (await world.count("turns where state = 'delivered'")) === turns, "all is done", 30_000);
  telegram.say({ chat: 501, text: "Count" });
  const { id } = await untilSaid(501, "You said: Count");

  world.ai.answer = () => "one two three four";
  world.ai.hold();
  await twice(id, "regenerate", 3);
  await until(() => world.ai.running > 0, "the AI is asked", 30_000);
  world.ai.release(2);
  await until(() => labels(501)[0]?.includes(button("stop")), "a draft with its button", 30_000);
  telegram.press(501, id, button("stop"));
  await untilSaid(501, /\(stopped\)$/);
  world.ai.release();
  await untilDone(4);
  expect(world.ai.requestCount).toBe(2);

  world.ai.answer = () => "three four";
  await twice(id, "continue", 6);
  await untilDone(6);
  expect(world.ai.requestCount).toBe(3);
  expect(texts(501)).toEqual([expect.stringMatching(/\(stopped\)$/), "three four"]);
});

test("in a group only who asked, and who runs it, presses the buttons; others are told so in their language", async () => {
  await Promise.all([world.startBot(), world.startBot()]);
  await until(() => telegram.callsOf("getUpdates").length > 0, "it polls", 30_000);
  telegram.say({ chat: group, from: bob, text: "I only listen" });
  telegram.say({ chat: group, from: ada, text: "@parley_bot hello" });
  const answer = await untilSaid(group.id, /^You said: .*hello$/);
  world.ai.answer = () => "Said anew";
  const refused = telegram.press(group.id, answer.id, button("regenerate"), bob);
  const told = await until(() => telegram.presses.get(refused)?.answer, "Bob is told");
  expect(told).toEqual({ text: say("de", "refusals.press"), isAlert: true });
  expect(world.ai.requestCount).toBe(1);
  telegram.press(group.id, answer.id, button("regenerate"), carol);
  await untilSaid(group.id, "Said anew");
  expect(texts(group.id)).toEqual(["Said anew"]);
});

test("in a group nobody has my question answered once more by a command, but I", async () => {
  await Promise.all([world.startBot(), world.startBot()]);
  telegram.say({ chat: group, from: ada, text: "@parley_bot hello" });
  await untilSaid(group.id, /^You said: .*hello$/);
  world.ai.answer = () => "Said anew";
  telegram.say({ chat: group, from: bob, text: "/regenerate@parley_bot" });
  await untilSaid(group.id, say("de", "regenerate.notYours"));
  expect(world.ai.requestCount).toBe(1);
  telegram.say({ chat: group, from: ada, text: "/regenerate@parley_bot" });
  await untilSaid(group.id, "Said anew");
  expect(texts(group.id)).toEqual(["Said anew", say("de", "regenerate.notYours")]);
});

test("an answer that an administrator had written anew is still who asked's: to press, and to be forgotten", async () => {
  await world.startBot();
  await until(() => telegram.callsOf("getUpdates").length > 0, "it polls", 30_000);
  telegram.say({ chat: group, from: ada, text: "@parley_bot hello" });
  const answer = await untilSaid(group.id, /^You said: .*hello$/);
  world.ai.answer = () => "Said anew";
  world.ai.hold();
  telegram.press(group.id, answer.id, button("regenerate"), carol);
  await until(() => world.ai.running > 0, "the AI is asked", 30_000);
  world.ai.release(1);
  await until(() => labels(group.id)[0]?.includes(button("stop")), "a draft with its button", 30_000);
  telegram.press(group.id, answer.id, button("stop"), ada);
  await untilSaid(group.id, /\(stopped\)$/);
  world.ai.release();
  telegram.press(group.id, answer.id, button("regenerate"), ada);
  await untilSaid(group.id, "Said anew");
  telegram.press(group.id, answer.id, button("regenerate"), carol);
  await until(
    async () => (await world.count("turns where state = 'delivered' and reply->>'text' = 'Said anew'")) === 2,
    "the last one",
    30_000,
  );

  telegram.say({ chat: ada.id, from: ada, text: "/forget" });
  const { text } = await untilSaid(ada.id, /\/forget \w+/);
  telegram.say({ chat: ada.id, from: ada, text: /\/forget \w+/.exec(text)?.[0] ?? "" });
  await untilSaid(ada.id, /Receipt/);
  expect(await world.count("turns where reply::text like '%Said anew%'")).toBe(0);
});

test("an answer that grows in a group has a button that stops it", async () => {
  await world.startBot();
  await until(() => telegram.callsOf("getUpdates").length > 0, "it polls", 30_000);
  world.ai.hold();
  telegram.say({ chat: group, from: ada, text: "@parley_bot count" });
  await until(() => world.ai.running > 0, "the AI is asked", 30_000);
  world.ai.release(1);
  await until(() => labels(group.id)[0]?.includes(button("stop")), "a draft with its button", 30_000);
  const [draft] = ours(group.id);
  for (const _ of ["a", "double tap"]) telegram.press(group.id, draft?.id ?? 0, button("stop"), ada);
  await untilSaid(group.id, /\(stopped\)$/);
  world.ai.release();
  await until(async () => (await world.count("turns where state = 'delivered'")) === 3, "both taps are done", 30_000);
  expect(labels(group.id)).toEqual([[button("continue"), button("regenerate"), button("model")]]);
  expect(telegram.callsOf("sendMessageDraft")).toEqual([]);
});

test("someone who says /stop again and again stops what runs, is heard as often as others, and keeps nobody waiting", async () => {
  await world.startBot({ RATE_LIMIT_PER_MINUTE: "3" });
  await until(() => telegram.callsOf("getUpdates").length > 0, "it polls", 30_000);
  for (let n = 0; n < 4; n++) telegram.say({ chat: group, from: bob, text: "/stop@parley_bot" });
  await until(async () => (await world.count("turns where state = 'delivered'")) === 3, "three are heard", 30_000);
  world.ai.hold();
  telegram.say({ chat: group, from: ada, text: "@parley_bot hello" });
  await until(() => world.ai.running > 0, "the AI is asked", 30_000);
  for (let n = 0; n < 4; n++) telegram.say({ chat: group, from: bob, text: "/stop@parley_bot" });
  await untilSaid(group.id, /\(stopped\)$/);
  world.ai.release();
  telegram.say({ chat: group, from: ada, text: "@parley_bot and now?" });
  await untilSaid(group.id, /and now\?$/);
  expect(texts(group.id)).toHaveLength(3 + 2);
});

test("the last question, edited within a minute, is answered anew in place", async () => {
  await Promise.all([world.startBot(), world.startBot()]);
  const question = telegram.say({ chat: 501, text: "Helo" });
  await untilSaid(501, "You said: Helo");
  telegram.edit(501, question, "Hello");
  await untilSaid(501, "You said: Hello");
  expect(texts(501)).toEqual(["You said: Hello"]);
  telegram.say({ chat: 501, text: "And?" });
  await untilSaid(501, "You said: And?");
  expect(JSON.stringify(world.ai.requests.at(-1)?.body.messages)).not.toContain('Helo"');
});

test("a thumb under a question leaves its answer alone, while it is written and later", async () => {
  await world.startBot();
  await until(() => telegram.callsOf("getUpdates").length > 0, "it polls", 30_000);
  world.ai.hold();
  const question = telegram.say({ chat: group, from: ada, text: "@parley_bot hello" });
  await until(() => world.ai.running > 0, "the AI is asked", 30_000);
  telegram.react(group.id, question);
  await until(() => telegram.pendingUpdates === 0, "Telegram has told of it", 30_000);
  world.ai.release();
  await untilSaid(group.id, /^You said: .*hello$/);
  telegram.react(group.id, question);
  telegram.edit(group.id, question, "@parley_bot hullo");
  await untilSaid(group.id, /^You said: .*hullo$/);
  telegram.react(group.id, question);
  telegram.say({ chat: group, from: ada, text: "@parley_bot thanks" });
  await untilSaid(group.id, /^You said: .*thanks$/);
  expect(texts(group.id)).toHaveLength(2);
  expect(world.ai.requestCount).toBe(3);
});

test("what is written while an answer runs is marked as noted, and answered after it, in order", async () => {
  await Promise.all([world.startBot(), world.startBot()]);
  world.ai.hold();
  telegram.say({ chat: 501, text: "First" });
  await until(() => world.ai.running > 0, "the AI is asked", 30_000);
  const second = telegram.say({ chat: 501, text: "Second" });
  const reactions = () => telegram.transcript(501).find(({ id }) => id === second)?.reactions;
  await until(() => reactions()?.includes("👀"), "the mark", 30_000);
  world.ai.release();
  await untilSaid(501, "You said: Second");
  expect(texts(501)).toEqual(["You said: First", "You said: Second"]);
  await until(() => reactions()?.length === 0, "the mark is gone", 30_000);
});

test("a paste that Telegram cuts in pieces is one question", async () => {
  const paste = "word ".repeat(1_200);
  for (const text of [paste.slice(0, 4_095), paste.slice(4_095)]) telegram.say({ chat: 501, text });
  await world.startBot(); // so they are taken at once
  await until(() => ours(501).length > 0, "the answer", 30_000);
  expect(world.ai.requestCount).toBe(1);
  expect(JSON.stringify(world.ai.requests[0]?.body.messages).match(/word/g)).toHaveLength(1_200);
});

test("what is passed on with a comment is one question, in the apps' order: the comment first", async () => {
  const forward_origin = { type: "hidden_user", date: 1, sender_user_name: "Eve" };
  telegram.say({ chat: 501, text: "Is this true?" });
  telegram.say({ chat: 501, text: "The sky is green.", extra: { forward_origin } });
  telegram.say({ chat: 501, text: "And the sea red.", extra: { forward_origin } });
  await world.startBot(); // so they are taken at once
  await until(() => ours(501).length > 0, "the answer", 30_000);
  expect(world.ai.requestCount).toBe(1);
  const prompt = world.ai.requests[0]?.body.messages.at(-1)?.content;
  expect(prompt).toMatch(/The sky is green[\s\S]*And the sea red[\s\S]*Is this true\?/);
});

test("an album is one question with all of its pictures", async () => {
  const sent = (name: string, more: object): Said => {
    const file_id = telegram.files.add(pixel);
    const photo = [{ file_id, file_unique_id: name, width: 1, height: 1, file_size: pixel.length }];
    return { chat: 501, extra: { photo, media_group_id: "5", ...more } };
  };
  telegram.say(sent("a", { caption: "What is this?" }));
  telegram.say(sent("b", {}));
  telegram.say(sent("c", {}));
  await world.startBot(); // so they are taken at once
  await until(() => ours(501).length > 0, "the answer", 30_000);
  expect(world.ai.requestCount).toBe(1);
  const prompt = JSON.stringify(world.ai.requests[0]?.body.messages.at(-1));
  expect(prompt).toContain("What is this?");
  expect(prompt.match(/picture|image_url"/g)).toHaveLength(3);
});

test("the menu of models turns its pages and chooses in place, and leaves the answer above it alone", async () => {
  world.ai.models = [...world.ai.models, ...Array.from({ length: 8 }, (_, n) => `model-${n}`)];
  await Promise.all([world.startBot(), world.startBot()]);
  telegram.say({ chat: 501, text: "Hello" });
  const answer = await untilSaid(501, "You said: Hello");
  telegram.press(501, answer.id, button("model"));
  const menu = await untilSaid(501, /model-0/);
  expect(menu.id).not.toBe(answer.id);
  const labelsNow = () =>
    ours(501)
      .at(-1)
      ?.buttons.flat()
      .map(({ text }) => text) ?? [];
  const next = labelsNow().find((label) => label.startsWith("▶"));
  telegram.press(501, menu.id, next ?? "");
  await until(() => labelsNow().includes("model-7"), "the second page", 30_000);
  telegram.press(501, menu.id, "model-7");
  await untilSaid(501, /model-7$/);
  expect(texts(501)).toHaveLength(2);
  expect(texts(501)[0]).toBe("You said: Hello");
  telegram.say({ chat: 501, text: "Who?" });
  await untilSaid(501, "You said: Who?");
  expect(world.ai.requests.at(-1)?.body.model).toBe("model-7");
});

test("/start offers questions, and a press asks one", async () => {
  await world.startBot();
  telegram.say({ chat: 501, text: "/start" });
  const greeting = await untilSaid(501, /^Hello/);
  const example = say("en", "examples.1");
  telegram.press(501, greeting.id, example);
  await untilSaid(501, `You said: ${example}`);
  expect(texts(501)).toHaveLength(2);
});

test(
  "a person's own commands say what they should on two instances, and each of their buttons does what it says",
  { timeout: 5 * 60_000 },
  async () => {
    await withOwnCommands(async (settings) => {
      await Promise.all([world.startBot(settings), world.startBot(settings)]);
      const room: OwnRoom = {
        ask: (text) => telegram.say({ chat: 501, text }),
        use: (name, argument) => telegram.say({ chat: 501, text: `/${name} ${argument?.text ?? ""}`.trim() }),
        press: ({ id }, label) => telegram.press(501, Number(id), label),
        said: () =>
          ours(501).map(({ id, text, buttons, document }) => ({
            id: String(id),
            text,
            labels: buttons.flat().map((one) => one.text),
            file: document?.text,
          })),
      };
      await useOwnCommands(room, world);
    });
  },
);

test("each topic of a private chat is a conversation of its own", async () => {
  await Promise.all([world.startBot(), world.startBot()]);
  telegram.say({ chat: 501, threadId: 11, text: "My cat is Tom" });
  await untilSaid(501, "You said: My cat is Tom");
  telegram.say({ chat: 501, threadId: 12, text: "My dog is Rex" });
  await untilSaid(501, "You said: My dog is Rex");
  telegram.say({ chat: 501, threadId: 11, text: "Who is Tom?" });
  await untilSaid(501, "You said: Who is Tom?");
  const prompt = JSON.stringify(world.ai.requests.at(-1)?.body.messages);
  expect(prompt).toContain("My cat is Tom");
  expect(prompt).not.toContain("Rex");
});

test("asked in chats that it is no member of, it answers there, and brings no other conversation along", async () => {
  await world.startBot({ TELEGRAM_INLINE: "on", TELEGRAM_GUESTS: "on" });
  telegram.say({ chat: 501, text: "My secret is 42" });
  await untilSaid(501, "You said: My secret is 42");
  const texts = () => [...telegram.inline.messages.values()].map(({ text }) => text);
  const query = telegram.ask(ada, "What is new?");
  await until(() => telegram.inline.offers.has(query), "the offer");
  telegram.choose(ada, query);
  await until(() => texts().some((text) => text.includes("You said: Ada: What is new?")), "the answer", 30_000);
  telegram.summon({ chat: { id: -1_000_000_001_002 }, from: ada, text: "@parley_bot and now?" });
  await until(() => texts().some((text) => text.includes("You said: Ada: and now?")), "the guest's answer", 30_000);
  expect(JSON.stringify(world.ai.requests.slice(1).map(({ body }) => body.messages))).not.toContain("secret");
});

test("who asks too often in other chats is told so under each question, and none stays thinking for ever", async () => {
  await world.startBot({ TELEGRAM_INLINE: "on", RATE_LIMIT_PER_MINUTE: "1" });
  for (const question of ["One?", "Two?", "Three?", "Four?"]) {
    const query = telegram.ask(ada, question);
    await until(() => telegram.inline.offers.has(query), "the offer", 30_000);
    telegram.choose(ada, query);
  }
  const shown = () => [...telegram.inline.messages.values()].map(({ text }) => text);
  await until(() => shown().length === 4 && !shown().some((text) => text.includes("💭")), "each has an answer", 30_000);
  expect(shown().filter((text) => /You said/.test(text))).toHaveLength(1);
  expect(shown().filter((text) => /That was a lot at once/.test(text))).toHaveLength(3);
});

test("bots and what is sent through them are left alone", async () => {
  await world.startBot();
  await until(() => telegram.callsOf("getUpdates").length > 0, "it polls", 30_000);
  telegram.say({ chat: group, from: { id: 9, is_bot: true, first_name: "Echo" }, text: "@parley_bot hello" });
  telegram.say({ chat: 501, text: "a cat", extra: { via_bot: { id: 10, is_bot: true, first_name: "gif" } } });
  telegram.say({ chat: 501, text: "Hello" });
  await untilSaid(501, "You said: Hello");
  expect(await world.count("turns")).toBe(1);
  expect(texts(group.id)).toEqual([]);
});

/** A picture of one point. */
const pixel = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
