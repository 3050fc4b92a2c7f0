import { expect, test } from "vitest";
import { hearMessages } from "../../src/channels/discord/hear-messages.ts";
import type { KnownChannel } from "../../src/channels/discord/known-channels.ts";
import type { ChannelMessage } from "../../src/conversation/domain/message.ts";
import type { PlaceRules } from "../../src/conversation/ports/place-settings.ts";
import { testMemory } from "./test-memory.ts";
import { testPlaces } from "./test-places.ts";

const me = { botId: "100", applicationId: "100", roleIds: new Set(["500"]) };
const ada = { id: "7", username: "ada", global_name: "Ada Lovelace" };
const ben = { id: "8", username: "ben" };
const bot = { id: "100", username: "parley", bot: true };
const written = {
  id: "175928847299117063",
  channel_id: "42",
  guild_id: "9",
  author: ada,
  member: { nick: "Countess", roles: ["600"] },
  type: 0,
  content: "<@100> hello",
  mentions: [bot],
};
const direct = { guild_id: undefined, member: undefined, mentions: [], content: "hello" };
const to = (author: object) => ({ id: "3", channel_id: "42", author, content: "x" });

/** A server with one channel, in which threads can be made. */
function server(given: { channel?: Partial<KnownChannel>; above?: readonly string[]; hearsAll?: boolean } = {}) {
  const kept: ChannelMessage[] = [];
  const places = testPlaces();
  const channel = { canThread: true, language: "en-GB", ...given.channel };
  const hear = hearMessages({
    me,
    memory: testMemory(kept),
    places,
    channels: {
      find: async () => channel,
      above: async () => given.above ?? [],
      rolesOf: async () => ["600"],
      hear() {},
    },
    languageOf: (userId) => (userId === ben.id ? "de" : undefined),
    hearsAll: () => given.hearsAll ?? true,
  });
  return {
    kept,
    decide: (rules: PlaceRules) => places.save({ channel: "discord", id: "9" }, rules),
    async hear(changes: object, t = "MESSAGE_CREATE") {
      const message = await hear({ t, d: { ...written, ...changes } })?.();
      if (message) kept.push(message);
      return message;
    },
  };
}

const notForUs: readonly (readonly [name: string, changes: object])[] = [
  ["a message to nobody", { mentions: [], content: "hello" }],
  ["a message to someone else", { mentions: [ada], content: "<@7> hello" }],
  ["a mention of everyone", { mentions: [], mention_everyone: true, content: "@everyone" }],
  ["a mention of someone's role", { mentions: [], mention_roles: ["501"], content: "<@&501>" }],
  ["a reply to someone else", { type: 19, mentions: [], referenced_message: to(ben) }],
  ["a reply to us that we may not read", { type: 19, mentions: [], content: "", referenced_message: to(bot) }],
  ["a reply to what was deleted", { type: 19, mentions: [], referenced_message: null }],
  ["another bot", { author: { ...ada, bot: true } }],
  ["ourselves, in a direct channel", { ...direct, author: bot }],
  ["a webhook", { webhook_id: "3" }],
  ["Discord's own notes", { ...direct, author: { ...ada, system: true } }],
  ["a member who joined", { type: 7 }],
  ["a pinned message", { type: 6 }],
  ["the start of a thread", { type: 21 }],
];
test.each(notForUs)("%s is not for us", async (_, changes) => {
  expect(await server().hear(changes)).toBeUndefined();
});

/** Ids of messages that were written so much later than the first. */
const laterId = (ms: number) => String(BigInt(written.id) + (BigInt(ms) << 22n));
const openly = { content: "the rest", mentions: [] };
const long = `<@100> ${"x".repeat(1_900)}`;

test("what follows a long call at once belongs to it, in its thread", async () => {
  const { hear } = server();
  const call = await hear({ content: long });
  expect(call).toMatchObject({ room: `100/${written.id}`, joins: { windowMs: 1_500 } });
  const second = await hear({ ...openly, id: laterId(1_000), content: "y".repeat(1_950) });
  expect(second).toMatchObject({ room: call?.room, address: call?.address, joins: call?.joins });
  for (const _ of ["heard", "heard once more, because it could not be kept"]) {
    const third = await hear({ ...openly, id: laterId(2_000) });
    expect(third).toMatchObject({ text: "the rest", room: call?.room, joins: { ...call?.joins, windowMs: 0 } });
  }
  expect(await hear({ ...openly, id: laterId(2_500) })).toBeUndefined();
});

test("nothing else belongs to a long call: what others write, what comes later, what is for others, commands", async () => {
  const { hear } = server();
  await hear({ content: long });
  expect(await hear({ ...openly, id: laterId(1), author: ben })).toBeUndefined();
  expect(await hear({ ...openly, id: laterId(1), channel_id: "43" })).toBeUndefined();
  expect(await hear({ id: laterId(1), mentions: [ben], content: "<@8> the rest" })).toBeUndefined();
  expect(await hear({ ...openly, id: laterId(1), content: "/help" })).toBeUndefined();
  expect(await hear({ ...openly, id: laterId(1_500) })).toBeUndefined();
  const brief = server();
  await brief.hear({});
  expect(await brief.hear({ ...openly, id: laterId(1) })).toBeUndefined();
});

test("a direct message, a mention of the bot or of its role, and a reply to it are for us", async () => {
  const { hear } = server();
  expect(await hear(direct)).toMatchObject({ audience: "direct", room: "100/42" });
  expect(await hear({})).toMatchObject({ text: "hello", language: "en-GB" });
  expect(await hear({ mentions: [], mention_roles: ["500"], content: "<@&500> hi" })).toMatchObject({ text: "hi" });
  expect(
    await hear({ type: 19, mentions: [], content: "why?", author: ben, referenced_message: to(bot) }),
  ).toMatchObject({ text: "why?", replyTo: { author: "parley", text: "x" }, language: "de", room: "100/42" });
});

test("a mention opens a thread where that can be; a command, a reply to the bot and a mention elsewhere do not", async () => {
  expect(await server().hear({})).toMatchObject({ room: `100/${written.id}`, address: { opensThread: "listening" } });
  const stays: readonly [object, Parameters<typeof server>[0]?][] = [
    [{ content: "<@100> /model" }],
    [{ type: 19, referenced_message: to(bot) }],
    [{}, { channel: { canThread: false } }],
  ];
  for (const [changes, where] of stays) expect(await server(where).hear(changes)).toMatchObject({ room: "100/42" });
});

test("what was kept stays in its room, whatever is decided since", async () => {
  const { hear, decide } = server();
  const first = await hear({});
  await decide({ mode: "reply" });
  expect(await hear({})).toEqual(first);
  const second = await hear({ id: "175928847299117099" });
  expect(second?.room).toBe("100/42");
  await decide({ mode: "thread" });
  expect(await hear({ id: "175928847299117099" })).toEqual(second);
});

test("in a thread that we opened nobody needs to mention us, but what is meant for others is not ours", async () => {
  const { hear } = server();
  await hear({});
  const inThread = { channel_id: written.id, mentions: [], content: "go on" };
  expect(await hear({ ...inThread, id: "175928847299117100" })).toMatchObject({
    room: `100/${written.id}`,
    text: "go on",
    address: { parentId: "42" },
  });
  const own = { type: 19, referenced_message: to(ada), id: "175928847299117101" };
  expect(await hear({ ...inThread, ...own })).toMatchObject({ text: "go on" });
  for (const changes of [{ mentions: [ben] }, { type: 19, referenced_message: to(ben) }, { content: "" }])
    expect(await hear({ ...inThread, ...changes })).toBeUndefined();
});

test("a thread that somebody else made is no place without a mention", async () => {
  const { hear } = server({ channel: { canThread: false }, above: ["42"] });
  expect(await hear({ channel_id: "43" })).toMatchObject({ room: "100/43" });
  expect(await hear({ channel_id: "43", mentions: [], content: "and now?" })).toBeUndefined();
});

test("moderators decide where, for whom and how it listens", async () => {
  const { hear, decide } = server({ above: ["41"] });
  const heard = async (rules: PlaceRules) => {
    await decide(rules);
    return (await hear({})) !== undefined;
  };
  expect(await heard({ channelIds: ["42"] })).toBe(true);
  expect(await heard({ channelIds: ["41"] })).toBe(true);
  expect(await heard({ channelIds: ["40"] })).toBe(false);
  expect(await heard({ roleIds: ["600", "601"] })).toBe(true);
  expect(await heard({ roleIds: ["601"] })).toBe(false);
  expect(await heard({ mode: "slash" })).toBe(false);
  await decide({ roleIds: ["600"] });
  expect(await hear({ member: undefined })).toBeDefined(); // as the history tells it
});

test("an edit and a deletion are about a message that we have, once for each change", async () => {
  const { hear } = server();
  const first = await hear({});
  const at = "2026-11-26T15:00:00.123000+00:00";
  const edited = await hear({ content: "<@100> hi", edited_timestamp: at }, "MESSAGE_UPDATE");
  expect(edited).toMatchObject({
    id: `edit:${written.id}:${Date.parse(at)}`,
    room: first?.room,
    text: "hi",
    address: first?.address,
    about: { kind: "edited", messageId: written.id },
    sentAtMs: Date.parse(at),
  });
  expect(await hear({}, "MESSAGE_DELETE")).toMatchObject({
    id: `delete:${written.id}`,
    room: first?.room,
    author: first?.author,
    text: "",
    about: { kind: "deleted", messageId: written.id },
  });
});

test("a preview that was found, a change of what is not ours, and one that cannot be read say nothing", async () => {
  const { hear } = server();
  await hear({});
  const at = "2026-11-26T15:00:00.123000+00:00";
  expect(await hear({ edited_timestamp: null, embeds: [{}] }, "MESSAGE_UPDATE")).toBeUndefined();
  expect(await hear({ id: "3", edited_timestamp: at }, "MESSAGE_UPDATE")).toBeUndefined();
  expect(await hear({ id: "3" }, "MESSAGE_DELETE")).toBeUndefined();
  expect(await hear({ content: "", edited_timestamp: at }, "MESSAGE_UPDATE")).toBeUndefined();
  expect(await hear({}, "TYPING_START")).toBeUndefined();
});

test.each([null, 7, [], {}, { ...written, author: null }, { ...written, id: "x" }, { ...written, mentions: 3 }])(
  "a malformed event is an error: %j",
  async (d) => {
    const hear = hearMessages({
      me,
      memory: testMemory([]),
      places: testPlaces(),
      channels: { find: async () => undefined, above: async () => [], rolesOf: async () => [], hear() {} },
      languageOf: () => undefined,
      hearsAll: () => true,
    });
    expect(() => hear({ t: "MESSAGE_CREATE", d })).toThrow();
  },
);
