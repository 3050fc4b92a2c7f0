import { expect, test } from "vitest";
import { type Permission, permissions } from "../doubles/discord-permissions.ts";
import { startDiscord } from "./start-discord.ts";

type Who = "everyone" | "bot's role" | "bot" | "other role";
type Said = readonly [who: Who, what: "allow" | "deny", permission: Permission];
const threads = "createPublicThreads";

const cases: readonly (readonly [name: string, said: readonly Said[], opens: boolean])[] = [
  ["nothing is said", [], true],
  ["everyone is denied threads", [["everyone", "deny", threads]], false],
  [
    "everyone is, but the bot's role is not",
    [
      ["everyone", "deny", threads],
      ["bot's role", "allow", threads],
    ],
    true,
  ],
  [
    "the bot's role may, but the bot may not",
    [
      ["bot's role", "allow", threads],
      ["bot", "deny", threads],
    ],
    false,
  ],
  ["another role may not", [["other role", "deny", threads]], true],
  ["nobody may write in threads", [["everyone", "deny", "sendMessagesInThreads"]], false],
];
test.each(cases)("where %s, a mention opens a thread, or not", async (_, said, opens) => {
  const { discord, heard, show } = await startDiscord();
  const ids = { everyone: discord.guildId, "bot's role": discord.botRoleId, bot: discord.botId, "other role": "1" };
  const channel = discord.serverChannel();
  discord.overwrite(
    channel,
    said.map(([who, what, permission]) => ({
      id: ids[who],
      type: who === "bot" ? 1 : 0,
      allow: "0",
      deny: "0",
      [what]: String(permissions[permission]),
    })),
  );
  const id = discord.say({ channel, author: "Ada", content: `<@${discord.botId}> hello` });
  const message = await heard("hello");
  expect(message.room).toBe(`${discord.botId}/${opens ? id : channel}`);
  await show(message, { text: "Hello.", end: "complete" });
  expect(discord.transcript(opens ? id : channel).at(-1)?.content).toBe("Hello.");
});

test("a permission that changes is noticed, and what has not changed is asked once", async () => {
  const { discord, heard } = await startDiscord();
  const channel = discord.serverChannel();
  const ask = async (text: string) => {
    const id = discord.say({ channel, author: "Ada", content: `<@${discord.botId}> ${text}` });
    return (await heard(text)).room === `${discord.botId}/${id}`;
  };
  const asked = () => discord.calls.filter(({ path }) => /^\/(?:guilds|channels)\/\d+(?:\/members\/\d+)?$/.test(path));
  expect([await ask("one"), await ask("two")]).toEqual([true, true]);
  expect(asked()).toHaveLength(3);
  discord.deny(channel, threads);
  expect(await ask("three")).toBe(false);
  expect(asked()).toHaveLength(4);
});

test("while Discord does not answer, what is written is heard, and answered below the question", async () => {
  const { discord, heard } = await startDiscord();
  const channel = discord.serverChannel();
  discord.failNext({ method: "GET", path: /^\/guilds\/\d+$/ }, { status: 500 }, 2);
  discord.say({ channel, author: "Ada", content: `<@${discord.botId}> hello` });
  expect((await heard("hello")).room).toBe(`${discord.botId}/${channel}`);
});
