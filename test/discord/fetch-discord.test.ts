import { expect, test } from "vitest";
import type { Attachment } from "../../src/conversation/domain/message.ts";
import { until } from "../until.ts";
import { type Started, startDiscord } from "./start-discord.ts";

const bytes = Buffer.from("meow");
const cat = { filename: "cat.png", contentType: "image/png", bytes };
const never = new AbortController().signal;

/** Says something with a picture; returns the picture as it was heard. */
async function bring({ discord, kept }: Started, more: object = {}): Promise<Attachment> {
  const attachments = [discord.upload(cat)];
  const id = discord.say({ channel: discord.dm("Ada"), author: "Ada", content: "", more: { attachments, ...more } });
  const message = await until(() => kept.find((one) => one.id === id), "hearing it");
  const attachment = [...(message.attachments ?? []), ...(message.forwarded?.[0]?.attachments ?? [])][0];
  if (!attachment) throw new Error("nothing came with it");
  return attachment;
}

test("what came with a message is fetched, without the bot's token", async () => {
  const started = await startDiscord();
  const picture = await bring(started);
  expect(picture).toMatchObject({ kind: "image", name: "cat.png", mimeType: "image/png", bytes: 4 });
  expect(await started.channel.fetch?.(picture, 4, never)).toEqual(bytes);
});

test("a link that has run out is replaced by the one that the message has now", async () => {
  const started = await startDiscord();
  const picture = await bring(started);
  started.discord.expireLinks();
  expect(await started.channel.fetch?.(picture, 100, never)).toEqual(bytes);
});

test("so it is with a picture that was passed on", async () => {
  const started = await startDiscord();
  const copy = { content: "look", attachments: [started.discord.upload(cat)] };
  const picture = await bring(started, { attachments: [], message_snapshots: [{ message: copy }] });
  started.discord.expireLinks();
  expect(await started.channel.fetch?.(picture, 100, never)).toEqual(bytes);
});

test("what is gone, too large or no file is refused for good, and a server that is away for now", async () => {
  const started = await startDiscord();
  const { discord, channel } = started;
  const picture = await bring(started);
  await expect(channel.fetch?.(picture, 3, never)).rejects.toMatchObject({ retryable: false });
  const sticker: Attachment = { kind: "other", name: "Wumpus", source: null };
  await expect(channel.fetch?.(sticker, 100, never)).rejects.toMatchObject({ retryable: false });
  discord.away();
  await expect(channel.fetch?.(picture, 100, never)).rejects.toMatchObject({ retryable: true });
  discord.back();
  discord.expireLinks();
  for (const { id } of discord.transcript(discord.dm("Ada"))) discord.remove(id);
  await expect(channel.fetch?.(picture, 100, never)).rejects.toMatchObject({ retryable: false });
});
