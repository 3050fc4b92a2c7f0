import { expect, test } from "vitest";
import { readPress, writePress } from "../../src/channels/telegram/press-data.ts";
import { readMessage, type Self } from "../../src/channels/telegram/read-message.ts";
import { updateSchema } from "../../src/channels/telegram/update.ts";
import type { Attachment } from "../../src/conversation/domain/message.ts";

const self: Self = {
  id: 42,
  username: "parley_bot",
  name: "Parley",
  commands: new Set(["help", "model"]),
  begun: new Map([["album:61", 1]]),
};
const ann = { id: 7, is_bot: false, first_name: "Ann", last_name: "Lee" };
const bot = { id: 42, is_bot: true, first_name: "Parley", username: "parley_bot" };
const direct = { id: 7, type: "private", first_name: "Ann" };
const group = { id: -5, type: "supergroup", title: "Team" };
const sizes = [
  { file_id: "small", width: 90, height: 60, file_size: 1_000 },
  { file_id: "big", width: 1280, height: 853, file_size: 90_000 },
  { file_id: "middle", width: 320, height: 213 },
];
const photo = sizes.map((size) => ({ ...size, file_unique_id: size.file_id }));
const picture = {
  kind: "image",
  name: "photo.jpg",
  mimeType: "image/jpeg",
  bytes: 90_000,
  source: { fileId: "big" },
} as const;
const forum = { ...group, is_forum: true };

function read(message: Record<string, unknown>) {
  const whole = { message_id: 9, from: ann, chat: direct, date: 1_700_000_000, ...message };
  return readMessage(updateSchema.parse({ update_id: 1, message: whole }), self, 0);
}

/** A text in the group with the entities that Telegram finds in it. */
function inGroup(text: string, more: Record<string, unknown> = {}) {
  const entities = [...text.matchAll(/\/\w+(?:@\w+)?|@\w+/g)].map((match) => ({
    type: match[0].startsWith("/") ? "bot_command" : "mention",
    offset: match.index,
    length: match[0].length,
  }));
  return read({ chat: group, text, entities, ...more });
}

test("a private message is always meant for us", () => {
  expect(read({ text: "Hello" })).toEqual({
    channel: "telegram",
    room: "42/7",
    id: "9",
    author: { id: "7", name: "Ann Lee" },
    text: "Hello",
    audience: "direct",
    joins: { key: "paste:7", windowMs: 0 },
    address: { chatId: 7, messageId: 9 },
    sentAtMs: 1_700_000_000_000,
  });
});

test.each<[string, Record<string, unknown>]>([
  ["a bot", { text: "Hi", from: { ...ann, is_bot: true } }],
  ["nobody, in a channel", { text: "Hi", from: undefined, chat: { id: -9, type: "channel" } }],
  ["an inline bot", { text: "Hi", via_bot: bot }],
  [
    "a linked channel",
    { text: "@parley_bot", chat: group, is_automatic_forward: true, sender_chat: { id: -9, type: "channel" } },
  ],
  ["someone who joins", { chat: group, new_chat_members: [ann] }],
  ["someone who pins", { pinned_message: {} }],
])("a message of %s is none", (_, message) => {
  expect(read(message)).toBeUndefined();
});

test("a channel's post is none", () => {
  const message = { message_id: 9, from: ann, chat: direct, date: 1, text: "Hi" };
  expect(readMessage(updateSchema.parse({ update_id: 1, channel_post: message }), self, 0)).toBeUndefined();
});

test.each([
  ["@parley_bot what is up?", "what is up?"],
  ["What do you say, @Parley_Bot?", "What do you say, ?"],
  ["👍 @parley_bot 👍", "👍 👍"],
  ["@parley_bot", "[mentioned you]"],
  ["/model@parley_bot gpt-5", "/model gpt-5"],
  ["/shrug@PARLEY_BOT", "/shrug"],
  ["/help", "/help"],
])("in a group %j is for us, as %j", (text, expected) => {
  expect(inGroup(text)?.text).toBe(expected);
});

test.each(["Hello all", "@other_bot hi", "/help@other_bot", "/shrug", "see /help", "mail me@parley_bot.org"])(
  "in a group %j is not for us",
  (text) => {
    expect(inGroup(text.replace("me@parley_bot.org", "me at parley_bot"))).toBeUndefined();
  },
);

test("a mention without a user name, in the words of a picture, counts too", () => {
  const mention = { type: "text_mention", offset: 5, length: 6, user: { ...bot } };
  expect(read({ chat: group, photo, caption: "Look Parley here", caption_entities: [mention] })?.text).toBe(
    "Look here",
  );
});

test("a reply to us is for us; a reply to someone else is not, unless it says so", () => {
  const ours = { message_id: 3, from: bot, chat: group, date: 1, text: "42" };
  const theirs = { ...ours, from: { ...ann, id: 8, first_name: "Bob", last_name: undefined } };
  expect(inGroup("Why?", { reply_to_message: ours })).toMatchObject({
    text: "Why?",
    replyTo: { author: "Parley", text: "42" },
    audience: "group",
  });
  expect(inGroup("/shrug", { reply_to_message: ours })?.text).toBe("/shrug");
  expect(inGroup("/help@other_bot", { reply_to_message: ours })).toBeUndefined();
  expect(inGroup("Why?", { reply_to_message: theirs })).toBeUndefined();
  expect(inGroup("@parley_bot why?", { reply_to_message: theirs })?.replyTo).toEqual({ author: "Bob", text: "42" });
  expect(inGroup("@parley_bot", { reply_to_message: theirs })?.text).toBe("[refers to the quoted message]");
});

test("of a quoted message only the quote counts, from another chat too", () => {
  const long = { message_id: 3, from: ann, chat: direct, date: 1, text: "A long story" };
  expect(read({ text: "Why?", reply_to_message: long, quote: { text: "story" } })?.replyTo?.text).toBe("story");
  const external_reply = { origin: { type: "channel", chat: { id: -9, type: "channel", title: "News" } } };
  expect(read({ text: "True?", external_reply, quote: { text: "Rain" } })?.replyTo).toEqual({
    author: "News",
    text: "Rain",
  });
  expect(read({ text: "What is it?", reply_to_message: { ...long, text: undefined, photo } })?.replyTo).toEqual({
    author: "Ann Lee",
    text: "",
    attachments: [picture],
  });
  expect(read({ text: "What is it?", external_reply: { ...external_reply, photo } })?.replyTo).toEqual({
    author: "News",
    text: "",
    attachments: [picture],
  });
});

test.each<[string, Record<string, unknown>, Partial<Attachment>]>([
  ["the widest size of a photo", { photo }, picture],
  [
    "a voice note",
    { voice: { file_id: "v", duration: 3, mime_type: "audio/ogg", file_size: 9 } },
    { kind: "voice", name: "voice.ogg", mimeType: "audio/ogg", bytes: 9, source: { fileId: "v" } },
  ],
  ["music by its title", { audio: { file_id: "a", title: "Air" } }, { kind: "audio", name: "Air" }],
  ["a moving picture, once", { animation: { file_id: "m" }, document: { file_id: "m" } }, { kind: "video" }],
  ["a video", { video: { file_id: "m", file_name: "cat.mp4" } }, { kind: "video", name: "cat.mp4" }],
  ["a round video", { video_note: { file_id: "m" } }, { kind: "video", name: "video.mp4" }],
  ["a live photo as a photo", { live_photo: { file_id: "m", photo } }, picture],
  [
    "a file",
    { document: { file_id: "d", file_name: "a.pdf", mime_type: "application/pdf" } },
    { kind: "document", name: "a.pdf", mimeType: "application/pdf", source: { fileId: "d" } },
  ],
  ["a picture sent as a file", { document: { file_id: "d", mime_type: "image/png" } }, { kind: "image", name: "file" }],
  ["a sticker", { sticker: { file_id: "s", emoji: "😀" } }, { kind: "other", name: "sticker 😀", source: null }],
  ["a contact", { contact: { phone_number: "1", first_name: "Bob" } }, { kind: "other", name: "contact Bob" }],
  ["a place", { location: { latitude: 52.5, longitude: 13.4 } }, { kind: "other", name: "location 52.5, 13.4" }],
  [
    "a named place, once",
    { venue: { title: "Zoo", address: "Berlin" }, location: { latitude: 1, longitude: 2 } },
    { kind: "other", name: "place Zoo, Berlin" },
  ],
  ["a poll", { poll: { question: "Lunch?" } }, { kind: "other", name: "poll “Lunch?”" }],
  ["a dice", { dice: { emoji: "🎲", value: 4 } }, { kind: "other", name: "🎲 4" }],
])("%s comes with the message, which has no words", (_, content, expected) => {
  const message = read(content);
  expect(message).toMatchObject({ text: "", attachments: [expected] });
  expect(message?.attachments).toHaveLength(1);
});

test("the words under a picture are what is said", () => {
  expect(read({ photo, caption: "My cat" })).toMatchObject({ text: "My cat", attachments: [picture] });
});

test.each([
  [{ type: "user", sender_user: { ...ann, id: 8, first_name: "Bob", last_name: undefined } }, "Bob"],
  [{ type: "hidden_user", sender_user_name: "Eve" }, "Eve"],
  [{ type: "chat", sender_chat: { ...group, title: "Board" } }, "Board"],
  [{ type: "channel", chat: { id: -9, type: "channel", title: "News" } }, "News"],
])("what is passed on is someone else's, never a command", (forward_origin, author) => {
  expect(read({ text: "/stop", forward_origin })).toMatchObject({
    text: "",
    forwarded: [{ author, text: "/stop" }],
  });
  expect(read({ photo, caption: "Look", forward_origin })?.forwarded).toEqual([
    { author, text: "Look", attachments: [picture] },
  ]);
  expect(read({ photo, forward_origin })).not.toHaveProperty("attachments");
});

test("pictures of an album, pieces of a paste and what is passed on at once belong together", () => {
  expect(read({ photo, media_group_id: "5" })?.joins).toEqual({ key: "album:5", windowMs: 1_000 });
  expect(read({ text: "a".repeat(4_050) })?.joins).toEqual({ key: "paste:7", windowMs: 1_500 });
  expect(read({ text: "the end of it" })?.joins).toEqual({ key: "paste:7", windowMs: 0 });
  expect(read({ text: "A", forward_origin: { sender_user_name: "Eve" } })?.joins?.windowMs).toBe(1_000);
  expect(read({ text: "/model gpt-5" })).not.toHaveProperty("joins");
  expect(read({ photo })).not.toHaveProperty("joins");
});

test("of an album in a group, the pictures after the one that was for us are for us too", () => {
  expect(read({ chat: group, photo, media_group_id: "61" })?.attachments).toEqual([picture]);
  expect(read({ chat: group, photo, media_group_id: "62" })).toBeUndefined();
});

test("an edit says what is written now, and which message it is about", () => {
  const message = { message_id: 9, from: ann, chat: direct, date: 1, edit_date: 5, text: "Hello" };
  const edited = (more: object) =>
    readMessage(updateSchema.parse({ update_id: 1, edited_message: { ...message, ...more } }), self, 0);
  expect(edited({})).toMatchObject({
    id: "edit:9:5",
    text: "Hello",
    about: { kind: "edited", messageId: "9" },
    address: { chatId: 7, messageId: 9 },
    sentAtMs: 5_000,
  });
  expect(edited({})).not.toHaveProperty("joins");
  expect(edited({ edit_date: undefined })).toBeUndefined(); // somebody has reacted to it
  expect(edited({ text: undefined, location: { latitude: 1, longitude: 2 } })).toBeUndefined();
  expect(edited({ chat: group })).toBeUndefined();
  expect(edited({ via_bot: bot })).toBeUndefined();
});

test("a person's language is known; of one who hides behind a channel it is not", () => {
  const from = { ...ann, language_code: "pt-br" };
  expect(read({ text: "Oi", from })?.language).toBe("pt-br");
  expect(inGroup("/help", { from, sender_chat: group })).not.toHaveProperty("language");
});

test("each topic is a room of its own, and General is the group's", () => {
  const creation = { message_id: 77, from: bot, chat: forum, date: 1, forum_topic_created: { name: "T" } };
  const topic = { chat: forum, message_thread_id: 77, is_topic_message: true, reply_to_message: creation };
  expect(inGroup("just talking", topic)).toBeUndefined();
  expect(inGroup("@parley_bot hi", topic)).toMatchObject({
    room: "42/-5/77",
    address: { chatId: -5, threadId: 77, messageId: 9 },
  });
  expect(inGroup("@parley_bot hi", topic)).not.toHaveProperty("replyTo");
  expect(inGroup("@parley_bot hi", { chat: forum })).toMatchObject({
    room: "42/-5",
    address: { chatId: -5, threadId: 1, messageId: 9 },
  });
  expect(inGroup("@parley_bot hi", { message_thread_id: 3 })).toMatchObject({
    room: "42/-5",
    address: { chatId: -5, messageId: 9 },
  });
});

test("who hides behind the group or a channel is a person of that place only", () => {
  const fake = { id: 1087968824, is_bot: true, first_name: "Group", username: "GroupAnonymousBot" };
  expect(inGroup("/help", { from: fake, sender_chat: group, author_signature: "boss" })?.author).toEqual({
    id: "anonymous:-5",
    name: "boss",
  });
  const channel = { id: -9, type: "channel", title: "News" };
  expect(inGroup("/help", { from: { ...fake, id: 136817688 }, sender_chat: channel })?.author).toEqual({
    id: "chat:-9",
    name: "News",
  });
});

test("a button says whose answer it is under, and the text that it stands for", () => {
  const press = (data: string | undefined, more: object = {}) => {
    const message = { message_id: 3, chat: group, date: 0 };
    const query = { id: "555", from: { ...ann, language_code: "de" }, message, chat_instance: "1", data, ...more };
    return readMessage(updateSchema.parse({ update_id: 1, callback_query: query }), self, 123);
  };
  const data = writePress({ turnId: "9007199254740991", askerId: "7", command: "/model gpt:5" });
  expect(press(data)).toMatchObject({
    id: "callback:555",
    author: { id: "7", name: "Ann Lee" },
    language: "de",
    text: "/model gpt:5",
    about: { kind: "pressed", turnId: "9007199254740991" },
    room: "42/-5",
    sentAtMs: 123,
  });
  expect(press(undefined)).toBeUndefined();
  expect(press("of another program")).toBeUndefined();
  expect(press(data, { from: { ...ann, is_bot: true } })).toBeUndefined();
});

test("what a button stands for fits into what Telegram sends back", () => {
  const [turnId, askerId, command] = ["9007199254740991", "9007199254740991", "x".repeat(40)];
  const data = writePress({ turnId, askerId, command });
  expect(data.length).toBeLessThanOrEqual(64);
  expect(readPress(data)).toEqual({ turnId, askerId, command });
  expect(readPress(writePress({ turnId, command }))).toEqual({ turnId, command });
});
