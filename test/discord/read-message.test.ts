import { expect, test } from "vitest";
import { type BotIdentity, readMessage } from "../../src/channels/discord/read-message.ts";

const me: BotIdentity = { botId: "100", applicationId: "100", roleIds: new Set(["500"]) };
const ada = { id: "7", username: "ada", global_name: "Ada Lovelace" };
const bot = { id: "100", username: "parley", bot: true };
const written = {
  id: "175928847299117063",
  channel_id: "42",
  guild_id: "9",
  author: ada,
  member: { nick: "Countess" },
  type: 0,
  content: "<@100> hello",
  mentions: [bot],
  mention_roles: [],
  attachments: [],
};
const read = (changes: object) => readMessage({ t: "MESSAGE_CREATE", d: { ...written, ...changes } }, me);
const direct = { guild_id: undefined, member: undefined, mentions: [] };

test("who wrote what, where and when", () => {
  expect(read({})).toEqual({
    channel: "discord",
    room: "100/42",
    id: "175928847299117063",
    author: { id: "7", name: "Countess" },
    text: "hello",
    audience: "group",
    address: { kind: "message", channelId: "42", messageId: "175928847299117063", guildId: "9" },
    sentAtMs: Date.parse("2016-04-30T11:18:25.796Z"),
  });
  expect(read(direct)).toMatchObject({ audience: "direct", author: { name: "Ada Lovelace" } });
  expect(read({ ...direct, channel_type: 3 })).toMatchObject({ audience: "group" });
});

const notForUs: readonly (readonly [name: string, changes: object])[] = [
  ["a message to someone else", { mentions: [ada], content: "<@7> hello" }],
  ["a mention of everyone", { mentions: [], mention_everyone: true, content: "@everyone" }],
  ["a mention of someone's role", { mentions: [], mention_roles: ["501"], content: "<@&501>" }],
  ["a reply to someone else", { type: 19, mentions: [], referenced_message: { author: ada, content: "x" } }],
  ["a reply to what was deleted", { type: 19, mentions: [], referenced_message: null }],
  ["another bot", { author: { ...ada, bot: true } }],
  ["ourselves, in a direct channel", { ...direct, author: bot }],
  ["a webhook", { webhook_id: "3" }],
  ["Discord's own notes", { ...direct, author: { ...ada, system: true } }],
  ["a member who joined", { type: 7 }],
  ["a pinned message", { type: 6 }],
  ["the start of a thread", { type: 21 }],
];
test.each(notForUs)("%s is not for us", (_, changes) => {
  expect(read(changes)).toBeUndefined();
});

const texts: readonly (readonly [name: string, changes: object, text: string])[] = [
  ["the mention is left out, before", { content: "<@!100>: hi" }, "hi"],
  ["within", { content: "tell me <@100> what this is" }, "tell me what this is"],
  ["and after", { content: "hi <@100>" }, "hi"],
  ["a command stays a command", { content: "<@100> /model gpt-5" }, "/model gpt-5"],
  ["the bot's role is the bot", { content: "<@&500> hi", mentions: [], mention_roles: ["500"] }, "hi"],
  [
    "other people have names",
    { content: "<@100> ask <@7> and <@8>", mentions: [bot, ada] },
    "ask @Ada Lovelace and @someone",
  ],
  [
    "roles, channels, emoji and times",
    { content: "<@100> <@&1> <#2> <a:wave:3> <t:0:R>" },
    "@role #channel :wave: 1970-01-01T00:00Z",
  ],
  ["commands by name", { content: "<@100> use </help:12>" }, "use /help"],
  ["lines stay", { content: "<@100>\nline one\n  line two" }, "line one\n  line two"],
  ["a sentence may begin with a comma", { ...direct, content: ", said he" }, ", said he"],
  ["a mention alone", { content: "<@100>" }, "[sent a message without text]"],
  [
    "a picture",
    { ...direct, content: "", attachments: [{ filename: "cat.png", content_type: "image/png" }] },
    "[sent a picture: cat.png]",
  ],
  [
    "words and a file",
    { ...direct, content: "look", attachments: [{ filename: "a.bin" }] },
    "look\n[sent a file: a.bin]",
  ],
  [
    "a voice message",
    { ...direct, content: "", attachments: [{ filename: "v.ogg", content_type: "audio/ogg", flags: 8192 }] },
    "[sent a voice message]",
  ],
  ["a sticker", { ...direct, content: "", sticker_items: [{ name: "Wumpus" }] }, "[sent a sticker: Wumpus]"],
  [
    "something forwarded",
    { ...direct, content: "", message_snapshots: [{ message: { content: "news" } }] },
    "[forwarded] news",
  ],
  ["what PostgreSQL cannot keep", { ...direct, content: "a\u0000b\ud800" }, "ab\ufffd"],
];
test.each(texts)("%s", (_, changes, text) => {
  expect(read(changes)?.text).toBe(text);
});

test("a reply to the bot is for us, with what it answers", () => {
  const reply = {
    type: 19,
    mentions: [],
    content: "why?",
    referenced_message: { author: bot, content: "Because **so**." },
  };
  expect(read(reply)).toMatchObject({ text: "why?", replyTo: { author: "parley", text: "Because **so**." } });
});

test("a reply that mentions the bot shows what it answers", () => {
  const reply = {
    type: 19,
    content: "<@100> is that so?",
    referenced_message: { author: ada, content: "The moon is cheese." },
  };
  expect(read(reply)).toMatchObject({
    text: "is that so?",
    replyTo: { author: "Ada Lovelace", text: "The moon is cheese." },
  });
});

test("other events are not for us", () => {
  expect(readMessage({ t: "TYPING_START", d: null }, me)).toBeUndefined();
});

test.each([null, 7, [], {}, { ...written, author: null }, { ...written, id: "x" }, { ...written, mentions: 3 }])(
  "a malformed event is an error: %j",
  (d) => {
    expect(() => readMessage({ t: "MESSAGE_CREATE", d }, me)).toThrow();
  },
);
