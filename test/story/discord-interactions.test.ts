import { afterEach, beforeEach, expect, test } from "vitest";
import { say } from "../../src/conversation/domain/words/say.ts";
import type { DiscordDouble } from "../doubles/discord-double.ts";
import { until } from "../until.ts";
import { type DiscordWorld, openDiscordWorld } from "./open-discord-world.ts";
import type { Environment } from "./start-parley.ts";
import { type OwnRoom, useOwnCommands, withOwnCommands } from "./use-own-commands.ts";

let world: DiscordWorld;
let discord: DiscordDouble;

beforeEach(async () => {
  world = await openDiscordWorld({ identifyEveryMs: 200 });
  ({ discord } = world);
});
afterEach(() => world.close());

async function start(more?: Environment) {
  const parley = await world.startBot(more);
  await until(() => discord.connected() > 0, "Discord is connected", 30_000);
  return parley;
}
const botSaid = (channel: string, viewer?: string) =>
  discord.transcript(channel, viewer).filter(({ author }) => author === "parley");
const untilSaid = (channel: string, text: string, viewer?: string) =>
  until(() => botSaid(channel, viewer).find(({ content }) => content.includes(text)), `“${text}”`, 30_000);

test("a button works after a restart, on another instance, in the place of the answer", async () => {
  const first = await start();
  const channel = discord.dm("Ada");
  discord.say({ channel, author: "Ada", content: "Tell me a joke." });
  const { id } = await untilSaid(channel, "You said: Tell me a joke.");
  await until(() => botSaid(channel)[0]?.buttons?.join().includes("Regenerate"), "the button");
  await first.kill();

  world.ai.answer = () => "Another one.";
  await start();
  discord.press({ messageId: id, author: "Ada", label: "Regenerate" });
  await until(() => botSaid(channel)[0]?.content === "Another one.", "another answer", 30_000);
  expect(botSaid(channel)).toHaveLength(1);
  expect(botSaid(channel)[0]).toMatchObject({
    id,
    buttons: expect.arrayContaining([expect.stringContaining("Regenerate")]),
  });
});

test("a button that is tapped twice works once", async () => {
  await Promise.all([start(), start()]);
  const channel = discord.dm("Ada");
  discord.say({ channel, author: "Ada", content: "Tell me a joke." });
  const { id } = await untilSaid(channel, "You said: Tell me a joke.");
  await until(() => botSaid(channel)[0]?.buttons?.join().includes("Regenerate"), "the button");
  world.ai.answer = () => "Another one.";
  for (const _ of [1, 2]) discord.press({ messageId: id, author: "Ada", label: "Regenerate" });
  await until(async () => (await world.count("turns where state = 'delivered'")) === 3, "all is done", 30_000);
  expect(world.ai.requestCount).toBe(2);
  expect(botSaid(channel).map(({ content }) => content)).toEqual(["Another one."]);
});

test("an example of /start is a question like any other", async () => {
  await Promise.all([start(), start()]);
  const channel = discord.dm("Ada");
  discord.say({ channel, author: "Ada", content: "/start" });
  const { id } = await untilSaid(channel, "Hello Ada!");
  const example = say("en", "examples.1");
  await until(() => botSaid(channel)[0]?.buttons?.includes(example), "the examples");
  discord.press({ messageId: id, author: "Ada", label: example });
  await untilSaid(channel, `You said: ${example}`);
  expect(botSaid(channel)).toHaveLength(2);
});

test("what is answered once more by a command stands in the place of the answer, and nothing goes on thinking", async () => {
  await start();
  const channel = discord.serverChannel();
  discord.interact({ channel, author: "Ada", command: "chat", options: { question: "Tell me a joke." } });
  const { id } = await untilSaid(channel, "Tell me a joke.");
  world.ai.answer = () => "Another one.";
  discord.interact({ channel, author: "Ada", command: "regenerate" });
  await untilSaid(channel, "Another one.");
  await until(() => botSaid(channel).length === 1, "nothing else stands there", 30_000);
  expect(botSaid(channel)[0]).toMatchObject({ id, content: "Another one." });

  world.ai.answer = () => "Unseen.";
  discord.interact({ channel, author: "Ada", command: "chat", options: { question: "And me?", private: true } });
  await untilSaid(channel, "Unseen.", "Ada");
  expect(botSaid(channel, "Ada")).toHaveLength(2);
});

test("a long answer can be stopped by its button, whichever instance writes it", async () => {
  await Promise.all([start(), start()]);
  world.ai.answer = () => "This goes on and on. ".repeat(400);
  world.ai.hold();
  const channel = discord.dm("Ada");
  discord.say({ channel, author: "Ada", content: "Go on." });
  await until(() => world.ai.running > 0, "the AI is asked", 30_000);
  world.ai.release(10);
  const { id } = await untilSaid(channel, "This goes on");
  await until(() => botSaid(channel)[0]?.buttons?.join().includes("Stop"), "the button");
  discord.press({ messageId: id, author: "Ada", label: "Stop" });
  await untilSaid(channel, "(stopped)");
  world.ai.release();
});

test(
  "a person's own commands say what they should on two instances, and each of their buttons does what it says",
  { timeout: 5 * 60_000 },
  async () => {
    await withOwnCommands(async (settings) => {
      await Promise.all([start(settings), start(settings)]);
      await until(() => discord.commands().length > 0, "the commands", 30_000);
      const at = { channel: discord.dm("Ada"), author: "Ada" };
      const room: OwnRoom = {
        ask: (content) => discord.say({ ...at, content }),
        use: (command, argument) =>
          discord.interact({ ...at, command, options: argument ? { [argument.field]: argument.text } : {} }),
        press: ({ id }, label) => discord.press({ messageId: id, author: "Ada", label }),
        said: () =>
          botSaid(at.channel).map(({ id, content, buttons = [], files }) => ({
            id,
            text: content,
            labels: buttons,
            file: files[0]?.text,
          })),
      };
      await useOwnCommands(room, world);
    });
  },
);

test("the models are offered below an answer, which stays, and the menu turns its own pages", async () => {
  world.ai.models = ["test-model", ...Array.from({ length: 12 }, (_, at) => `model-${at}`)];
  await Promise.all([start(), start()]);
  const channel = discord.dm("Ada");
  discord.say({ channel, author: "Ada", content: "Hello!" });
  const answer = await untilSaid(channel, "You said: Hello!");
  await until(() => botSaid(channel)[0]?.buttons, "the buttons");
  discord.press({ messageId: answer.id, author: "Ada", label: "Model" });
  const menu = await untilSaid(channel, "Current model");
  expect(botSaid(channel)[0]?.content).toBe("You said: Hello!");
  discord.press({ messageId: menu.id, author: "Ada", label: "model-3" });
  const chosen = await untilSaid(channel, "Model set to: model-3");
  expect(chosen.id).toBe(menu.id);
});

test("only the newest answer has buttons", async () => {
  await Promise.all([start(), start()]);
  const channel = discord.dm("Ada");
  discord.say({ channel, author: "Ada", content: "one" });
  await untilSaid(channel, "You said: one");
  discord.say({ channel, author: "Ada", content: "two" });
  await untilSaid(channel, "You said: two");
  await until(() => botSaid(channel)[1]?.buttons, "the new buttons");
  await until(() => !botSaid(channel)[0]?.buttons, "the old ones to go");
});

test("a private question in a server is answered unseen, and remembered with the person's own conversation only", async () => {
  await Promise.all([start(), start()]);
  const channel = discord.serverChannel();
  const options = { question: "My secret is plums.", private: true };
  discord.interact({ channel, author: "Ada", command: "chat", options });
  await untilSaid(channel, "You said: My secret is plums.", "Ada");
  expect(botSaid(channel, "Eve")).toEqual([]);

  discord.interact({ channel, author: "Ada", command: "chat", options: { question: "What do we all know?" } });
  await untilSaid(channel, "What do we all know?");
  expect(JSON.stringify(world.ai.requests.at(-1)?.body.messages)).not.toContain("plums");
  discord.say({ channel: discord.dm("Ada"), author: "Ada", content: "And here?" });
  await untilSaid(discord.dm("Ada"), "You said: And here?");
  expect(JSON.stringify(world.ai.requests.at(-1)?.body.messages)).toContain("plums");
});

test("somebody who brought the commands along is answered among people who never invited the bot", async () => {
  await start();
  const channel = discord.outsideChannel();
  discord.interact({ channel, author: "Ada", command: "chat", options: { question: "Do you hear me?" } });
  await untilSaid(channel, "You said: Ada: Do you hear me?");
});

test("where Discord hides what people brought along from others, so does the assistant", async () => {
  await start();
  const channel = discord.outsideChannel("hiding-server");
  discord.interact({ channel, author: "Ada", command: "chat", options: { question: "My secret is plums." } });
  await untilSaid(channel, "You said: My secret is plums.", "Ada");
  discord.interact({ channel, author: "Bob", command: "chat", options: { question: "What do we all know?" } });
  await untilSaid(channel, "You said: What do we all know?", "Bob");
  expect(JSON.stringify(world.ai.requests.at(-1)?.body.messages)).not.toContain("plums");
});

test("moderators decide whether mentions are answered, where, and whom", async () => {
  await start();
  await until(() => discord.commands().length > 0, "the commands");
  const channel = discord.serverChannel();
  const mention = `<@${discord.botId}>`;
  discord.promote("Mod");
  const settings = (...options: readonly object[]) =>
    discord.interactRaw({
      type: 2,
      channel,
      author: "Mod",
      data: { type: 1, name: "parley", options: [{ type: 1, name: "settings", options }] },
    });
  settings({ type: 3, name: "mode", value: "reply" });
  await untilSaid(channel, "I answer with a reply");
  discord.say({ channel, author: "Ada", content: `${mention} one` });
  await untilSaid(channel, "You said: Ada: one");

  settings({ type: 3, name: "mode", value: "slash" }, { type: 8, name: "add-role", value: "5" });
  await untilSaid(channel, "<@&5>");
  discord.say({ channel, author: "Ada", content: `${mention} two` });
  discord.interact({ channel, author: "Ada", command: "chat", options: { question: "three" } });
  await untilSaid(channel, "Here I may not answer you");
  discord.interact({ channel, author: "Ada", command: "why" });
  await untilSaid(channel, "I answer only people who have one of the roles");
  discord.setRoles("Ada", ["5"]);
  discord.interact({ channel, author: "Ada", command: "chat", options: { question: "four" } });
  await untilSaid(channel, "You said: Ada: four");
  expect(world.ai.requestCount).toBe(2);
});

test("the models that exist are offered while a name is typed", async () => {
  world.ai.models = ["test-model", "claude-sonnet-4-5", "gpt-5-mini"];
  await start();
  const typing = { channel: discord.dm("Ada"), author: "Ada", command: "model", field: "name", typed: "sonet" };
  const id = discord.type(typing);
  expect(await until(() => discord.offered(id), "the choices")).toContain("claude-sonnet-4-5");
});

test("commands speak the language of the person who uses them", async () => {
  await start();
  const channel = discord.dm("Ada");
  discord.interact({ channel, author: "Ada", command: "reset", locale: "de" });
  await untilSaid(channel, "Gespräch zurückgesetzt");
});
