import { expect, test } from "vitest";
import { commandWords } from "../../src/conversation/commands/command-words.ts";
import { until } from "../until.ts";
import { type Started, startDiscord } from "./start-discord.ts";

const writes = ({ discord }: Started) => discord.calls.filter(({ method }) => method === "PUT");
const reads = ({ discord }: Started) =>
  discord.calls.filter(({ path, method }) => path.endsWith("/commands") && method === "GET");

async function startAgain(started: Started): Promise<void> {
  started.stop();
  await started.listening;
  const before = reads(started).length;
  started.listenAgain();
  await until(() => reads(started).length > before, "reading them again");
  await until(() => started.channel.health().state === "connected");
}

test("every command is in Discord's menu, in each person's language, in servers, with the bot and between people", async () => {
  const { discord } = await startDiscord();
  await until(() => discord.commands().length > 0, "registering");
  const registered = new Map(discord.commands().map((command) => [command["name"], command]));
  for (const { name, summary, summaryIn } of commandWords)
    expect(registered.get(name), name).toMatchObject({
      description: summary,
      description_localizations: { de: summaryIn.de, "es-419": summaryIn.es, "zh-CN": summaryIn.zh },
      integration_types: [0, 1],
      contexts: [0, 1, 2],
    });
  expect(registered.get("model")?.["options"]).toMatchObject([
    { name: "name", type: 3, autocomplete: true },
    { name: "scope", choices: [{ value: "--conversation", name_localizations: { de: "Nur dieses Gespräch" } }] },
  ]);
});

test("commands are written when they differ, and only then", async () => {
  const started = await startDiscord();
  await until(() => started.discord.commands().length > 0, "registering");
  await startAgain(started);
  expect(writes(started)).toHaveLength(1);

  const first = started.discord.commands()[0] as { description_localizations: Record<string, string> };
  first.description_localizations["de"] = "Etwas anderes";
  await startAgain(started);
  await until(() => writes(started).length === 2, "writing them again");
});

test("what is not a command of ours stays as it is", async () => {
  const started = await startDiscord();
  await until(() => started.discord.commands().length > 0, "registering");
  const commands = started.discord.commands() as Record<string, unknown>[];
  commands.splice(0, 1, { id: "1", type: 4, name: "launch", handler: 2 });
  await startAgain(started);
  await until(() => writes(started).length === 2, "writing them again");
  expect(started.discord.commands()[0]).toMatchObject({ type: 4, name: "launch", handler: 2 });
});

test("a model's name is completed while it is typed", async () => {
  const started = await startDiscord();
  const { discord } = started;
  const names = ["x".repeat(101), ...Array.from({ length: 30 }, (_, at) => `gpt-${at}`)];
  started.completeModel = async (typed) => names.map((name) => `${name}-${typed}`);
  const channel = discord.serverChannel();
  const id = discord.type({ channel, author: "Ada", command: "model", field: "name", typed: "mini" });
  const offered = await until(() => discord.offered(id), "the choices");
  expect(offered).toHaveLength(25);
  expect(offered[0]).toBe("gpt-0-mini");
  expect(started.kept).toEqual([]);
});

test("where the list of models is slow, nothing is offered rather than an error", async () => {
  const started = await startDiscord({ interactionDeadlineMs: 4_500 }); // a busy machine answers after two seconds and more
  const { discord } = started;
  started.completeModel = () => new Promise(() => {});
  const typing = { channel: discord.dm("Ada"), author: "Ada", command: "model", field: "name", typed: "" };
  const id = discord.type(typing);
  expect(await until(() => discord.offered(id), "the choices")).toEqual([]);
});

test("only those who manage a server are offered its settings", async () => {
  const { discord } = await startDiscord();
  await until(() => discord.commands().length > 0, "registering");
  const options = [{ name: "settings", type: 1, options: [] }];
  const asking = { type: 2, author: "Ada", data: { type: 1, name: "parley", options } } as const;
  const channel = discord.serverChannel();
  expect(() => discord.interactRaw({ ...asking, channel })).toThrow("for moderators");
  discord.promote("Ada");
  expect(() => discord.interactRaw({ ...asking, channel: discord.dm("Ada") })).toThrow("not offered here");
  discord.interactRaw({ ...asking, channel });
});
