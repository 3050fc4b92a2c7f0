import { expect, test } from "vitest";
import { written as shape } from "../../src/channels/discord/message-event.ts";
import type { BotIdentity } from "../../src/channels/discord/bot-identity.ts";
import { readMessage, type Standing } from "../../src/channels/discord/read-message.ts";

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
const read = (changes: object, standing: Standing = {}) =>
  readMessage(shape.parse({ ...written, ...changes }), me, standing);
const direct = { guild_id: undefined, member: undefined, mentions: [] };

test("who wrote what, where and when", () => {
  expect(read({})).toEqual({
    channel: "discord",
    room: "100/42",
    id: "175928847299117063",
    author: { id: "7", name: "Countess" },
    text: "hello",
    audience: "group",
    joins: { key: "paste:7", windowMs: 0 },
    address: { kind: "message", channelId: "42", messageId: "175928847299117063", guildId: "9" },
    sentAtMs: Date.parse("2016-04-30T11:18:25.796Z"),
  });
  expect(read(direct)).toMatchObject({ audience: "direct", author: { name: "Ada Lovelace" } });
  expect(read({ ...direct, channel_type: 3 })).toMatchObject({ audience: "group" });
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
  ["what PostgreSQL cannot keep", { ...direct, content: "a\u0000b\ud800" }, "ab\ufffd"],
];
test.each(texts)("%s", (_, changes, text) => {
  expect(read(changes).text).toBe(text);
});

const file = { id: "5", filename: "a.bin", size: 12, url: "https://cdn.example.org/a.bin?hm=1" };
const source = { channelId: "42", messageId: written.id, attachmentId: "5", url: file.url };
const brought: readonly (readonly [name: string, changes: object, attachment: object])[] = [
  ["a picture", { content_type: "image/png" }, { kind: "image", mimeType: "image/png" }],
  ["a voice message", { content_type: "audio/ogg", waveform: "AAAA" }, { kind: "voice", mimeType: "audio/ogg" }],
  ["a sound", { content_type: "audio/mpeg" }, { kind: "audio", mimeType: "audio/mpeg" }],
  ["a film", { content_type: "video/mp4" }, { kind: "video", mimeType: "video/mp4" }],
  ["a text", { content_type: "text/plain; charset=utf-8" }, { kind: "document", mimeType: "text/plain" }],
  ["whatever it is", {}, { kind: "document" }],
];
test.each(brought)("%s is an attachment that can be fetched", (_, more, attachment) => {
  const message = read({ ...direct, content: "", attachments: [{ ...file, ...more }] });
  expect(message.text).toBe("");
  expect(message.attachments).toEqual([{ name: "a.bin", bytes: 12, source, ...attachment }]);
});

test("stickers and polls are named", () => {
  const sticker = { sticker_items: [{ id: "3", name: "Wumpus" }], poll: { question: { text: "Tea?" } } };
  expect(read({ ...direct, content: "look", ...sticker })).toMatchObject({
    text: "look",
    attachments: [
      { kind: "other", name: "Wumpus" },
      { kind: "other", name: "Tea?" },
    ],
  });
});

test("what is passed on comes with its pictures", () => {
  const forwarded = { message_snapshots: [{ message: { content: "news", attachments: [file] } }] };
  expect(read({ ...direct, content: "", ...forwarded })).toMatchObject({
    text: "",
    forwarded: [{ author: "someone", text: "news", attachments: [{ name: "a.bin", source }] }],
  });
});

test("pieces of a long paste belong together, commands do not", () => {
  const joins = (content: string) => read({ ...direct, content }).joins;
  expect(joins("x".repeat(1_900))).toEqual({ key: "paste:7", windowMs: 1_500 });
  expect(joins("the rest")).toEqual({ key: "paste:7", windowMs: 0 });
  expect(joins("/help")).toBeUndefined();
});

test("a question that opens a thread is in the thread's room", () => {
  expect(read({}, { opensThread: "listening", language: "fr" })).toMatchObject({
    room: `100/${written.id}`,
    language: "fr",
    address: { channelId: "42", messageId: written.id, opensThread: "listening" },
  });
  expect(read({}, { opensThread: "deaf" }).joins).toBeUndefined();
  expect(read({}, { parentId: "41" })).toMatchObject({ room: "100/42", address: { parentId: "41" } });
});

test("a reply to the bot is for us, with what it answers", () => {
  const reply = {
    type: 19,
    mentions: [],
    content: "why?",
    referenced_message: { id: "3", channel_id: "42", author: bot, content: "Because **so**." },
  };
  expect(read(reply)).toMatchObject({ text: "why?", replyTo: { author: "parley", text: "Because **so**." } });
});

test("a reply to what was passed on, or to a bot's news, shows what that says", () => {
  const answered = (more: object) =>
    read({ type: 19, referenced_message: { id: "3", channel_id: "42", author: ada, content: "", ...more } }).replyTo;
  const embeds = [{ type: "rich", title: "News", description: "It rains." }, { type: "image" }];
  expect(answered({ message_snapshots: [{ message: { content: "A secret.", attachments: [file] } }] })).toMatchObject({
    text: "A secret.",
    attachments: [{ name: "a.bin", source: { messageId: "3" } }],
  });
  expect(answered({ message_snapshots: [{ message: { content: "", embeds } }] })?.text).toBe("News\nIt rains.");
  expect(answered({ embeds })?.text).toBe("News\nIt rains.");
  expect(answered({ content: "See https://e.org", embeds })?.text).toBe("See https://e.org");
});

test("a reply that mentions the bot shows what it answers", () => {
  const reply = {
    type: 19,
    content: "<@100> is that so?",
    referenced_message: { id: "3", channel_id: "42", author: ada, attachments: [file], content: "The moon is cheese." },
  };
  expect(read(reply)).toMatchObject({
    text: "is that so?",
    replyTo: {
      author: "Ada Lovelace",
      text: "The moon is cheese.",
      attachments: [{ name: "a.bin", source: { ...source, messageId: "3" } }],
    },
  });
});
