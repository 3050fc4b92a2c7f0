import { afterEach, beforeEach, expect, test } from "vitest";
import { type DiscordDouble, startDiscordDouble } from "../doubles/discord-double.ts";
import { startTelegramDouble } from "../doubles/telegram-double.ts";
import type { ChatSpec } from "../doubles/telegram-rooms.ts";
import { openWorld, type World } from "../story/open-world.ts";
import { marked } from "../telegram/marked.ts";
import { until } from "../until.ts";
import { answers, secondThoughts } from "./conversations.ts";
import { type GoldenRoom, GoldenTranscript } from "./golden-room.ts";

// Typical conversations, as they look on each platform: read test/golden/*.txt. To renew them after a change: npm test -- test/golden -u

let world: World;
const closing: (() => Promise<void>)[] = [];

beforeEach(async () => {
  world = await openWorld();
  world.ai.models = ["test-model", "claude-3-opus"];
  const asked: string[] = [];
  world.ai.answer = ({ body }) => {
    const question = String(body.messages.at(-1)?.content).replace(/^\w+: /, ""); // in a group it says who speaks
    const isAgain = asked.includes(question);
    asked.push(question);
    const [, answer] =
      Object.entries(isAgain ? { ...answers, ...secondThoughts } : answers).find(([begin]) =>
        question.split("\n").some((line) => line.startsWith(begin)),
      ) ?? [];
    return answer ?? `You said: ${question}`;
  };
});
afterEach(async () => {
  await world.close();
  for (const close of closing.splice(0)) await close();
});

test("Telegram, a private chat", { timeout: 120_000 }, async () => {
  const { room } = await openTelegram({ id: 501 });
  await expect(await converse("Telegram: a private chat", room)).toMatchFileSnapshot("./telegram.txt");
});

test("Telegram, a group", { timeout: 120_000 }, async () => {
  const { telegram, room } = await openTelegram({ id: -1_001_234_567_890, type: "supergroup", title: "Friends" });
  const transcript = new GoldenTranscript("Telegram: a group");
  telegram.say({ chat: -1_001_234_567_890, from: { id: 502, first_name: "Ben" }, text: "Nobody asks it yet." });
  await step(transcript, room, () => room.say("@parley_bot Hello!"));
  await step(transcript, room, () => room.say("/stop@parley_bot"));
  await expect(transcript.toString()).toMatchFileSnapshot("./telegram-group.txt");
});

test("Discord, direct messages", { timeout: 120_000 }, async () => {
  const { room } = await openDiscord((discord) => discord.dm("Ada"));
  await expect(await converse("Discord: direct messages", room)).toMatchFileSnapshot("./discord.txt");
});

test("Discord, a server", { timeout: 120_000 }, async () => {
  const { discord, channel, room } = await openDiscord((double) => double.serverChannel());
  const transcript = new GoldenTranscript("Discord: a server");
  discord.say({ channel, author: "Ben", content: "Nobody asks it yet." });
  await step(transcript, room, () => room.say(`<@${discord.botId}> Hello!`));
  transcript.note("In the thread that it opened, nobody needs to mention it");
  const question = discord.transcript(channel).find(({ author }) => author === "Ada");
  await step(transcript, room, () => {
    discord.say({ channel: question?.id ?? "", author: "Ben", content: "Capital of France" });
  });
  await expect(transcript.toString()).toMatchFileSnapshot("./discord-server.txt");
});

async function converse(title: string, room: GoldenRoom): Promise<string> {
  const transcript = new GoldenTranscript(title);
  transcript.note("A beginning");
  await step(transcript, room, () => room.say("/start"));
  await step(transcript, room, () => room.say("Hello"));
  transcript.note("Formatting");
  await step(transcript, room, () => room.say("Explain the orbits of planets"));
  await step(transcript, room, () => room.say("Write code that greets"));
  transcript.note("A long answer");
  await step(transcript, room, () => room.say("Tell me a long story"));

  transcript.note("An answer while it is written: no mark of Markdown is seen in it");
  world.ai.hold();
  await answered(async () => {
    room.say("Count to nine");
    await until(() => world.ai.running > 0, "the AI is asked", 20_000);
    transcript.tell(room.messages());
    // Tokens are words: each time one stands at the end that has opened what is not yet closed.
    for (const [tokens, seen] of [
      [2, "two"],
      [4, "four"],
      [3, "six"],
      [4, "eight"],
    ] as const) {
      world.ai.release(tokens);
      await until(() => room.draft()?.includes(seen), `“${seen}” is seen`, 20_000);
      transcript.tellDraft(room.draft() ?? "");
    }
    world.ai.release();
  });
  transcript.tell(room.messages());

  transcript.note("Commands");
  await step(transcript, room, () => room.say("/model claude-3-opus"));
  await step(transcript, room, () => room.say("/model gpt-1000"));
  transcript.note("A second thought, and another answer in its place");
  await step(transcript, room, () => room.say("Capital of France"));
  await step(transcript, room, () => room.edit("The capital of Spain"));
  await step(transcript, room, () => room.press("Regenerate"));
  transcript.note("Two pictures, and a question about them");
  await step(transcript, room, () => room.sendPictures("Which is best?"));
  transcript.note("To take away");
  await step(transcript, room, () => room.say("/export"));
  return transcript.toString();
}

async function step(transcript: GoldenTranscript, room: GoldenRoom, act: () => void): Promise<void> {
  await answered(act);
  transcript.tell(room.messages());
}

/** Until all that was said is answered. */
async function answered(act: () => void | Promise<void>): Promise<void> {
  const before = await world.count("turns");
  await act();
  const isDone = async () =>
    (await world.count("turns")) > before && (await world.count("turns where state in ('waiting', 'answered')")) === 0;
  await until(isDone, "it is answered", 30_000);
}

async function openTelegram(chat: ChatSpec) {
  const telegram = await startTelegramDouble({ floodLimits: false });
  closing.push(async () => {
    await telegram.close();
    expect(telegram.unknownRequests).toEqual([]);
    expect(telegram.violations).toEqual([]);
  });
  const settings = { TELEGRAM_TOKEN: telegram.token, TELEGRAM_API_ROOT: telegram.url };
  await Promise.all([world.start(settings), world.start(settings)]);
  const from = { id: 501, first_name: "Ada" };
  const names = new Map([
    [501, "Ada"],
    [502, "Ben"],
  ]);
  const newest = () => telegram.transcript(chat.id).findLast(({ fromBot }) => fromBot);
  let lastSaid = 0;
  const room: GoldenRoom = {
    messages: () =>
      telegram.transcript(chat.id).map((message) => ({
        id: String(message.id),
        from: message.fromBot ? "Parley" : (names.get(message.from) ?? ""),
        text: marked(message) || "(a picture)",
        buttons: message.buttons.flat().map(({ text }) => text),
        files: message.document ? [message.document] : [],
      })),
    draft() {
      const draft = telegram.draft(chat.id);
      return draft && marked(draft);
    },
    say: (text) => void (lastSaid = telegram.say({ chat, from, text })),
    sendPictures(caption) {
      const photo = () => {
        const id = telegram.files.add(jpeg);
        return [{ file_id: id, file_unique_id: `u${id}`, file_size: jpeg.length, width: 800, height: 600 }];
      };
      telegram.say({ chat, from, extra: { photo: photo(), media_group_id: "9", caption } });
      telegram.say({ chat, from, extra: { photo: photo(), media_group_id: "9" } });
    },
    edit: (text) => telegram.edit(chat.id, lastSaid, text),
    press(label) {
      const button = newest()
        ?.buttons.flat()
        .find(({ text }) => text.includes(label));
      telegram.press(chat.id, newest()?.id ?? 0, button?.text ?? label);
    },
  };
  return { telegram, room };
}

const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]);

async function openDiscord(open: (discord: DiscordDouble) => string) {
  const discord = await startDiscordDouble({ rateLimit: undefined });
  closing.push(async () => {
    await discord.close();
    expect(discord.unknownRequests).toEqual([]);
    expect(discord.violations).toEqual([]);
    expect(discord.unanswered).toEqual([]);
  });
  const settings = { DISCORD_TOKEN: discord.token, DISCORD_API_BASE: discord.apiBase };
  await Promise.all([world.start(settings), world.start(settings)]);
  await until(() => discord.connected() > 0, "Discord is connected", 20_000);
  const channel = open(discord);
  let lastSaid = "";
  const newest = () => discord.transcript(channel).at(-1);
  /** A thread has the id of the message that it hangs on. */
  const shown = () => discord.transcript(channel).flatMap((one) => [one, ...discord.transcript(one.id)]);
  const room: GoldenRoom = {
    messages: () =>
      shown().map(({ id, author, content, buttons = [], files }) => {
        if (author === "parley") return { id, from: "Parley", text: content || "(opens a thread)", buttons, files };
        const pictures = files.length > 0 ? ` (${files.length} pictures)` : "";
        return {
          id,
          from: author,
          text: content.replaceAll(`<@${discord.botId}>`, "@parley") + pictures,
          buttons,
          files: [],
        };
      }),
    draft: () => (newest()?.author === "parley" ? newest()?.content : undefined),
    say: (content) => void (lastSaid = discord.say({ channel, author: "Ada", content })),
    sendPictures(content) {
      const upload = (filename: string) => discord.upload({ filename, contentType: "image/jpeg", bytes: jpeg });
      discord.say({ channel, author: "Ada", content, more: { attachments: [upload("a.jpg"), upload("b.jpg")] } });
    },
    edit: (content) => discord.edit(lastSaid, content),
    press: (label) => void discord.press({ messageId: newest()?.id ?? "", author: "Ada", label }),
  };
  return { discord, channel, room };
}
