import { expect, test } from "vitest";
import { readMessage, type Self } from "../../src/channels/telegram/read-message.ts";
import { updateSchema } from "../../src/channels/telegram/update.ts";

const self: Self = { id: 42, username: "parley_bot", name: "Parley", commands: new Set(["help", "model"]) };
const ann = { id: 7, is_bot: false, first_name: "Ann", last_name: "Lee" };
const bot = { id: 42, is_bot: true, first_name: "Parley", username: "parley_bot" };
const direct = { id: 7, type: "private", first_name: "Ann" };
const group = { id: -5, type: "supergroup", title: "Team" };
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

test("an edited message and a channel's post are none", () => {
  const message = { message_id: 9, from: ann, chat: direct, date: 1, text: "Hi" };
  for (const kind of ["edited_message", "channel_post"])
    expect(readMessage(updateSchema.parse({ update_id: 1, [kind]: message }), self, 0)).toBeUndefined();
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
  expect(read({ chat: group, photo: [], caption: "Look Parley here", caption_entities: [mention] })?.text).toBe(
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
  expect(read({ text: "What is it?", reply_to_message: { ...long, text: undefined, photo: [] } })?.replyTo?.text).toBe(
    "[sent a photo]",
  );
});

test.each([
  [{ photo: [] }, "[sent a photo]"],
  [{ voice: {} }, "[sent a voice message]"],
  [{ animation: {}, document: {} }, "[sent an animation]"],
  [{ photo: [], caption: "My cat" }, "My cat"],
])("what has no words is named", (content, expected) => {
  expect(read(content)?.text).toBe(expected);
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

test("a button is the text that it stands for", () => {
  const callback_query = {
    id: "555",
    from: ann,
    message: { message_id: 3, chat: group, date: 1 },
    chat_instance: "1",
    data: "/stop",
  };
  const update = updateSchema.parse({ update_id: 1, callback_query });
  expect(readMessage(update, self, 123)).toMatchObject({
    id: "callback:555",
    text: "/stop",
    room: "42/-5",
    sentAtMs: 123,
  });
  expect(
    readMessage({ ...update, callback_query: { ...callback_query, data: undefined } as never }, self, 0),
  ).toBeUndefined();
});
