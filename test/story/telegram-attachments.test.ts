import { afterEach, beforeEach, expect, test } from "vitest";
import type { TelegramDouble } from "../doubles/telegram-double.ts";
import { writePdf } from "../documents/write-pdf.ts";
import { until } from "../until.ts";
import { openTelegramWorld, type TelegramWorld } from "./open-telegram-world.ts";

let world: TelegramWorld;
let telegram: TelegramDouble;

beforeEach(async () => {
  world = await openTelegramWorld();
  ({ telegram } = world);
});
afterEach(() => world.close());

const chat = 501;
const settings = (more: Record<string, string> = {}) => ({
  TRANSCRIPTION_BASE_URL: world.ai.baseUrl,
  TRANSCRIPTION_API_KEY: "a-key-of-the-double",
  ...more,
});
/** Two instances: one receives, either answers. */
const start = () => Promise.all([world.startBot(settings()), world.startBot(settings())]);
const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]);
const lastAsked = () => world.ai.requests.at(-1)?.body.messages.at(-1);
const untilSaid = (text: RegExp) =>
  until(() => telegram.transcript(chat).find((said) => said.fromBot && text.test(said.text)), `“${text}”`, 30_000);

function file(bytes: Uint8Array) {
  const id = telegram.files.add(bytes);
  return { file_id: id, file_unique_id: `u${id}`, file_size: bytes.length };
}

function photo() {
  return { photo: [{ ...file(jpeg), width: 800, height: 600 }] };
}

function speak(): void {
  telegram.say({ chat, extra: { voice: { ...file(Buffer.from("OggS…")), duration: 2, mime_type: "audio/ogg" } } });
}

test("the pictures of an album are one question, and stay in sight", async () => {
  const album = { media_group_id: "9" };
  telegram.say({ chat, extra: { ...photo(), ...album, caption: "which is best?" } });
  telegram.say({ chat, extra: { ...photo(), ...album } });
  telegram.say({ chat, extra: { ...photo(), ...album } });
  await start(); // so they are taken at once
  await untilSaid(/which is best\?$/);
  expect(world.ai.requestCount).toBe(1);
  expect(lastAsked()?.images).toHaveLength(3);
  telegram.say({ chat, text: "why?" });
  await untilSaid(/why\?$/);
  expect(world.ai.requests.at(-1)?.body.messages[1]?.images).toHaveLength(3);
});

test("I speak, and see what was heard above the answer", async () => {
  await start();
  world.ai.transcript = () => "how late is it?";
  speak();
  expect((await untilSaid(/how late is it\?$/)).text).toMatch(/^🎤 how late is it\?\s+You said: /);
});

test("a PDF is read; a sticker alone gets one line", async () => {
  await start();
  const document = {
    ...file(writePdf(["Rain fell on three days"])),
    file_name: "report.pdf",
    mime_type: "application/pdf",
  };
  telegram.say({ chat, extra: { document, caption: "when?" } });
  await untilSaid(/when\?$/);
  expect(lastAsked()?.content).toBe("[sent a file: report.pdf]\n```\nRain fell on three days\n```\n\nwhen?");
  telegram.say({ chat, extra: { sticker: { ...file(jpeg), type: "regular", width: 1, height: 1, emoji: "😀" } } });
  await untilSaid(/^I can read text, pictures, PDFs/);
  expect(world.ai.requestCount).toBe(1);
});

test.each([
  ["attachments-read", 2],
  ["recorded", 1],
] as const)(
  "when the process dies at %s, what I said is listened to at most %i times, and answered once",
  async (point, times) => {
    world.ai.transcript = () => "how late is it?";
    const mortal = await world.startBot(
      settings({ PARLEY_FAILPOINT: `${point}@telegram/${telegram.botId}/${chat}:1` }),
    );
    speak();
    await mortal.exited;
    expect(mortal.output()).toContain(": killed\n");
    await world.startBot(settings());
    expect((await untilSaid(/how late is it\?$/)).text).toMatch(/^🎤 how late is it\?\s+You said: /);
    expect(world.ai.recordings).toHaveLength(times);
    expect(world.ai.requestCount).toBe(1);
  },
);
