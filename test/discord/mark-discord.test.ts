import { expect, test } from "vitest";
import { until } from "../until.ts";
import { startDiscord } from "./start-discord.ts";

const never = new AbortController().signal;
const reacting = ({ path }: { readonly path: string }) => path.includes("/reactions/");

test("a message that is noted carries a sign until it is taken", async () => {
  const { discord, channel, heard } = await startDiscord();
  const id = discord.say({ channel: discord.dm("Ada"), author: "Ada", content: "and this" });
  const message = await heard("and this");
  await channel.mark?.(message, "queued", never);
  expect(discord.reactions(id)).toEqual(["👀"]);
  await channel.mark?.(message, "taken", never);
  expect(discord.reactions(id)).toEqual([]);
});

test("reactions have a limit of their own, and nobody's message waits for it", async () => {
  const { discord, channel, heard, show } = await startDiscord({ reactionEveryMs: 2_000 });
  const dm = discord.dm("Ada");
  discord.say({ channel: dm, author: "Ada", content: "and this" });
  const message = await heard("and this");
  for (const mark of ["queued", "taken"] as const) await channel.mark?.(message, mark, never);
  const marking = channel.mark?.(message, "taken", never);
  await until(() => discord.calls.some(({ status }) => status === 429), "the limit");
  await show(message, { text: "Yes.", end: "complete" });
  expect(discord.transcript(dm).at(-1)?.content).toBe("Yes.");
  await marking;
});

test("where it may not react it does not try again for a while", async () => {
  const { discord, channel, heard } = await startDiscord();
  const server = discord.serverChannel("voice");
  discord.deny(server, "addReactions");
  for (const text of ["one", "two"]) {
    discord.say({ channel: server, author: "Ada", content: `<@${discord.botId}> ${text}` });
    await channel.mark?.(await heard(text), "queued", never);
  }
  expect(discord.calls.filter(reacting)).toHaveLength(1);
});

test("a message that is gone, and a slash command, need no sign", async () => {
  const { discord, channel, heard } = await startDiscord();
  const dm = discord.dm("Ada");
  const gone = discord.say({ channel: dm, author: "Ada", content: "never mind" });
  const message = await heard("never mind");
  discord.remove(gone);
  await channel.mark?.(message, "queued", never);
  discord.interact({ channel: dm, author: "Ada", command: "help" });
  await channel.mark?.(await heard("/help"), "queued", never);
  discord.say({ channel: dm, author: "Ada", content: "this one" });
  await channel.mark?.(await heard("this one"), "queued", never);
  expect(new Set(discord.calls.filter(reacting).map(({ path }) => path)).size).toBe(2);
});
