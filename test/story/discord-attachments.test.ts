import { afterEach, beforeEach, expect, test } from "vitest";
import type { DiscordDouble } from "../doubles/discord-double.ts";
import { writePdf } from "../documents/write-pdf.ts";
import { until } from "../until.ts";
import { type DiscordWorld, openDiscordWorld } from "./open-discord-world.ts";

let world: DiscordWorld;
let discord: DiscordDouble;

beforeEach(async () => {
  world = await openDiscordWorld({ ai: { models: ["test-model", "large-model"], lists: "openrouter" } });
  ({ discord } = world);
});
afterEach(() => world.close());

/** Two instances: one receives, either answers. */
async function start() {
  const settings = { TRANSCRIPTION_BASE_URL: world.ai.baseUrl, TRANSCRIPTION_API_KEY: "a-key-of-the-double" };
  await Promise.all([world.startBot(settings), world.startBot(settings)]);
  await until(() => discord.connected() > 0, "Discord is connected", 30_000);
}

const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]);
const lastAsked = () => world.ai.requests.at(-1)?.body.messages.at(-1);

/** What the bot says to Ada after she has said this. */
async function ask(content: string, ...attachments: readonly Readonly<Record<string, unknown>>[]): Promise<string> {
  const channel = discord.dm("Ada");
  const before = discord.transcript(channel).length;
  discord.say({ channel, author: "Ada", content, more: { attachments } });
  const asked = world.ai.requestCount;
  const answers = () => discord.transcript(channel).slice(before + 1);
  return await until(
    () => answers().find(({ author, content }) => author === "parley" && content !== "")?.content,
    `an answer to “${content}”, after ${asked} questions`,
    30_000,
  );
}

test("on Discord the model sees my picture, also when I ask again after its link has run out", async () => {
  await start();
  const cat = discord.upload({ filename: "cat.png", contentType: "image/png", bytes: png });
  expect(await ask("what is it?", cat)).toMatch(/what is it\?$/);
  expect(lastAsked()).toMatchObject({ images: [{ mimeType: "image/png", bytes: png.length }] });
  discord.expireLinks();
  await ask("what colour?");
  expect(lastAsked()?.images).toBeUndefined();
  expect(world.ai.requests.at(-1)?.body.messages[1]).toMatchObject({
    content: "[sent a picture: cat.png]\n\nwhat is it?",
    images: [{ bytes: png.length }],
  });
});

test("a model that does not see says so, and which one does", async () => {
  world.ai.blindModels = ["test-model"];
  await start();
  const cat = discord.upload({ filename: "cat.png", contentType: "image/png", bytes: png });
  expect(await ask("", cat)).toBe("`test-model` cannot see pictures; `/model large-model` can.");
  expect(await ask("/model large-model")).toContain("Model set to: large-model");
  expect(await ask("now?")).toMatch(/now\?$/);
  expect(world.ai.requests.at(-1)?.body.messages.at(-1)?.images).toHaveLength(1);
});

test("a PDF and a text file are read and remembered", async () => {
  await start();
  const pdf = discord.upload({
    filename: "report.pdf",
    contentType: "application/pdf",
    bytes: writePdf(["Rain fell on three days"]),
  });
  const csv = discord.upload({ filename: "days.csv", contentType: "text/csv", bytes: Buffer.from("day;rain\n1;yes") });
  await ask("when?", pdf, csv);
  const fence = "```";
  expect(lastAsked()?.content).toBe(
    `[sent a file: report.pdf]\n${fence}\nRain fell on three days\n${fence}\n\n[sent a file: days.csv]\n${fence}\nday;rain\n1;yes\n${fence}\n\nwhen?`,
  );
  await ask("sure?");
  expect(world.ai.requests.at(-1)?.body.messages[1]?.content).toContain("Rain fell on three days");
});

test("I speak, and see what was heard above the answer", async () => {
  await start();
  world.ai.transcript = () => "how late is it?";
  const voice = discord.upload({
    filename: "voice-message.ogg",
    contentType: "audio/ogg",
    bytes: Buffer.from("OggS and so on"),
    isVoice: true,
  });
  expect(await ask("", voice)).toMatch(/^> 🎤 how late is it\?\n+You said: .*how late is it\?$/);
  expect(world.ai.recordings).toHaveLength(1);
});
