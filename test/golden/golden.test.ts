import { afterEach, beforeEach, expect, test } from "vitest";
import { startDiscordDouble } from "../doubles/discord-double.ts";
import { startTelegramDouble } from "../doubles/telegram-double.ts";
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
    const question = String(body.messages.at(-1)?.content);
    const isAgain = asked.includes(question);
    asked.push(question);
    const [, answer] =
      Object.entries(isAgain ? { ...answers, ...secondThoughts } : answers).find(([begin]) =>
        question.startsWith(begin),
      ) ?? [];
    return answer ?? `You said: ${question}`;
  };
});
afterEach(async () => {
  await world.close();
  for (const close of closing.splice(0)) await close();
});

test("Telegram, a private chat", { timeout: 120_000 }, async () => {
  const room = await openTelegram();
  await expect(await converse("Telegram: a private chat", room)).toMatchFileSnapshot("./telegram.txt");
});

test("Discord, direct messages", { timeout: 120_000 }, async () => {
  const room = await openDiscord();
  await expect(await converse("Discord: direct messages", room)).toMatchFileSnapshot("./discord.txt");
});

async function converse(title: string, room: GoldenRoom): Promise<string> {
  const transcript = new GoldenTranscript(title);
  const step = async (act: () => void) => {
    await answered(act);
    transcript.tell(room.messages());
  };

  transcript.note("A beginning");
  await step(() => room.say("/start"));
  await step(() => room.say("Hello"));
  transcript.note("Formatting");
  await step(() => room.say("Explain the orbits of planets"));
  await step(() => room.say("Write code that greets"));
  transcript.note("A long answer");
  await step(() => room.say("Tell me a long story"));

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
  await step(() => room.say("/model claude-3-opus"));
  await step(() => room.say("/model gpt-1000"));
  transcript.note("A second thought, and another answer in its place");
  await step(() => room.say("Capital of France"));
  await step(() => room.edit("The capital of Spain"));
  await step(() => room.press("Regenerate"));
  transcript.note("To take away");
  await step(() => room.say("/export"));
  return transcript.toString();
}

/** Until all that was said is answered. */
async function answered(act: () => void | Promise<void>): Promise<void> {
  const before = await world.count("turns");
  await act();
  const isDone = async () =>
    (await world.count("turns")) > before && (await world.count("turns where state in ('waiting', 'answered')")) === 0;
  await until(isDone, "it is answered", 30_000);
}

async function openTelegram(): Promise<GoldenRoom> {
  const telegram = await startTelegramDouble({ floodLimits: false });
  closing.push(async () => {
    await telegram.close();
    expect(telegram.unknownRequests).toEqual([]);
  });
  const settings = { TELEGRAM_TOKEN: telegram.token, TELEGRAM_API_ROOT: telegram.url };
  await Promise.all([world.start(settings), world.start(settings)]);
  const chat = 501;
  let lastSaid = 0;
  return {
    messages: () =>
      telegram.transcript(chat).map((message) => ({
        id: String(message.id),
        from: message.fromBot ? "Parley" : "Ada",
        text: marked(message),
        buttons: message.buttons.flat().map(({ text }) => text),
        files: message.document ? [message.document] : [],
      })),
    draft() {
      const draft = telegram.draft(chat);
      return draft && marked(draft);
    },
    say: (text) => void (lastSaid = telegram.say({ chat, from: { id: chat, first_name: "Ada" }, text })),
    edit: (text) => telegram.edit(chat, lastSaid, text),
    press(label) {
      const newest = telegram.transcript(chat).findLast(({ fromBot }) => fromBot);
      const button = newest?.buttons.flat().find(({ text }) => text.includes(label));
      telegram.press(chat, newest?.id ?? 0, button?.text ?? label);
    },
  };
}

async function openDiscord(): Promise<GoldenRoom> {
  const discord = await startDiscordDouble({ rateLimit: undefined });
  closing.push(async () => {
    await discord.close();
    expect(discord.unknownRequests).toEqual([]);
  });
  const settings = { DISCORD_TOKEN: discord.token, DISCORD_API_BASE: discord.apiBase };
  await Promise.all([world.start(settings), world.start(settings)]);
  await until(() => discord.connected() > 0, "Discord is connected", 20_000);
  const channel = discord.dm("Ada");
  let lastSaid = "";
  const newest = () => discord.transcript(channel).at(-1);
  return {
    messages: () =>
      discord.transcript(channel).map(({ id, author, content, buttons = [], files }) => ({
        id,
        from: author === "parley" ? "Parley" : author,
        text: content,
        buttons,
        files,
      })),
    draft: () => (newest()?.author === "parley" ? newest()?.content : undefined),
    say: (content) => void (lastSaid = discord.say({ channel, author: "Ada", content })),
    edit: (content) => discord.edit(lastSaid, content),
    press: (label) => void discord.press({ messageId: newest()?.id ?? "", author: "Ada", label }),
  };
}
