import { afterEach, beforeEach, expect, test } from "vitest";
import type { ChannelMessage } from "../../src/conversation/domain/message.ts";
import type { FinalReply } from "../../src/conversation/domain/reply.ts";
import type { SessionIds, Spoken } from "../../src/conversation/domain/session.ts";
import type { Turn } from "../../src/conversation/domain/turn.ts";
import { message, says } from "../messages.ts";
import { openTestStore, type TestStore } from "../setup/open-test-store.ts";

let store: TestStore;

beforeEach(async () => {
  store = await openTestStore();
});
afterEach(() => store.drop());

const reply: FinalReply = { text: "hi", end: "complete" };

/** Takes one message through the store as the conversation does, up to the claim. */
async function begin(given: Partial<ChannelMessage> = {}): Promise<Turn> {
  await store.inbox.keep([{ kind: "question", message: message(given), whenFull: { turnsMax: 100 } }]);
  const [claim] = await store.inbox.claim(1, 10_000);
  if (!claim) throw new Error("there was nothing to claim");
  return claim.turn;
}

async function end(turn: Turn, ids: SessionIds, text: string): Promise<void> {
  const tokens = { promptTokens: 10, completionTokens: 5 };
  await store.inbox.answered(turn, { ...reply, text }, { ...ids, text, model: "m", latencyMs: 12.5, ...tokens });
  await store.inbox.delivered(turn, ["1"]);
}

test("two first messages of a person at once make one user and one conversation", async () => {
  const opened = await Promise.all(Array.from({ length: 20 }, () => store.sessions.open(message())));
  expect(new Set(opened.map((ids) => JSON.stringify(ids))).size).toBe(1);
});

test("a direct conversation is the person's in every room, a group's is the room's", async () => {
  const direct = await store.sessions.open(message({ room: "a" }));
  expect(await store.sessions.open(message({ room: "b" }))).toEqual(direct);

  const group = await store.sessions.open(message({ room: "g", audience: "group" }));
  const other = await store.sessions.open(
    message({ room: "g", audience: "group", author: { id: "bob", name: "Bob" } }),
  );
  expect(other.conversationId).toBe(group.conversationId);
  expect(other.userId).not.toBe(group.userId);
  expect(group.conversationId).not.toBe(direct.conversationId);
  expect(group.userId).toBe(direct.userId);
});

test("a topic of a direct room is a conversation of its own; who wants to be forgotten is forgotten there too", async () => {
  const [room, eleven, twelve] = [
    message(),
    message({ room: "a/11", topic: "11" }),
    message({ room: "a/12", topic: "12" }),
  ];
  const opened: SessionIds[] = [];
  for (const one of [room, eleven, twelve]) {
    const turn = await begin(one);
    const ids = await store.sessions.open(turn.message);
    await store.sessions.record(turn, says(turn), ids, 10);
    await end(turn, ids, "hi");
    opened.push(ids);
  }
  expect(new Set(opened.map(({ conversationId }) => conversationId)).size).toBe(3);
  expect(new Set(opened.map(({ userId }) => userId)).size).toBe(1);
  expect(await store.archive.list(eleven, 10)).toHaveLength(1);
  expect(await store.archive.forget(twelve)).toMatchObject({ conversations: 3, messages: 3 });
  for (const one of [room, eleven, twelve]) expect(await store.archive.list(one, 10)).toEqual([]);
});

test("the same id on two channels is two people", async () => {
  const [web, discord] = await Promise.all([
    store.sessions.open(message()),
    store.sessions.open(message({ channel: "discord" })),
  ]);
  expect(web.userId).not.toBe(discord.userId);
});

test("the history ends before the current message, holds the newest, and names who spoke", async () => {
  for (const text of ["one", "two", "three"]) {
    const turn = await begin({ text });
    const ids = await store.sessions.open(turn.message);
    await store.sessions.record(turn, says(turn), ids, 10);
    await end(turn, ids, `${text}!`);
  }
  const turn = await begin({ text: "four" });
  const ids = await store.sessions.open(turn.message);
  const session = await store.sessions.record(turn, says(turn), ids, 3);
  expect(session?.history).toEqual([
    { role: "assistant", text: "two!" },
    { role: "user", text: "three", author: "Ada" },
    { role: "assistant", text: "three!" },
  ]);
});

test("a model's answer that was not delivered comes back with where the platform's count stood when it was saved", async () => {
  const turn = await begin();
  const ids = await store.sessions.open(turn.message);
  await store.sessions.record(turn, says(turn), ids, 10);
  await store.inbox.answered({ ...turn, savedAfter: "41", shown: ["7"] }, reply, {
    ...ids,
    text: "hi",
    model: "m",
    latencyMs: 1,
  });
  await store.inbox.putBack(turn, 0, "the room was away");
  const [again] = await store.inbox.claim(1, 10_000);
  expect(again?.turn).toMatchObject({ reply, savedAfter: "41", shown: ["7"] });
});

test("a turn that is tried again is recorded once", async () => {
  const turn = await begin({ text: "once" });
  const ids = await store.sessions.open(turn.message);
  await store.sessions.record(turn, says(turn), ids, 10);
  const again = await store.sessions.record(turn, says(turn), ids, 10);
  expect(again?.history).toEqual([]);
  expect((await store.sessions.tally(ids.conversationId)).messages).toBe(1);
});

test("what came with a message is remembered with it, and what was read of it is not asked for again", async () => {
  const turn = await begin({ text: "look" });
  const ids = await store.sessions.open(turn.message);
  expect(await store.sessions.spoken(turn)).toBeUndefined();
  const spoken: Spoken = {
    text: "[sent a picture: cat\0.png]\n\nlook",
    attachments: [{ kind: "image", name: "cat\0.png", source: { file: "1" }, reading: { kind: "picture" } }],
  };
  await store.sessions.record(turn, spoken, ids, 10);
  const kept = {
    text: "[sent a picture: cat.png]\n\nlook",
    attachments: [{ kind: "image", name: "cat.png", source: { file: "1" }, reading: { kind: "picture" } }],
  };
  expect(await store.sessions.spoken(turn)).toEqual(kept);
  await end(turn, ids, "a cat");

  const next = await begin({ text: "what colour?" });
  const session = await store.sessions.record(next, says(next), ids, 10);
  expect(session?.history).toEqual([
    { role: "user", author: "Ada", ...kept },
    { role: "assistant", text: "a cat" },
  ]);
});

test("a conversation that was reset is known as stale, kept, and followed by an empty one", async () => {
  const turn = await begin({ text: "remember me" });
  const ids = await store.sessions.open(turn.message);
  await store.sessions.record(turn, says(turn), ids, 10);
  await store.sessions.deactivate(ids.conversationId);
  expect(await store.sessions.read(turn.message, ids)).toBeUndefined();
  expect(await store.sessions.record(turn, says(turn), ids, 10)).toBeUndefined();

  const fresh = await store.sessions.open(turn.message);
  expect(fresh.conversationId).not.toBe(ids.conversationId);
  expect((await store.sessions.read(turn.message, fresh))?.history).toEqual([]);
  expect((await store.sessions.tally(ids.conversationId)).messages).toBe(1);
});

test("ids that a wrong cache gives are never taken: not another person's, not another room's", async () => {
  const ada = await store.sessions.open(message());
  const bob = { author: { id: "bob", name: "Bob" }, room: "another" };
  const bobs = await store.sessions.open(message(bob));
  expect(await store.sessions.read(message(bob), ada)).toBeUndefined();
  expect(await store.sessions.read(message(bob), { ...bobs, conversationId: ada.conversationId })).toBeUndefined();
  expect(await store.sessions.read(message(bob), { ...bobs, userId: ada.userId })).toBeUndefined();
  expect(await store.sessions.read(message({ ...bob, channel: "discord" }), bobs)).toBeUndefined();
  expect(await store.sessions.read(message(bob), bobs)).toBeDefined();
});

test("a choice of model is seen at once by whoever reads, and can be taken back", async () => {
  const ids = await store.sessions.open(message());
  await store.sessions.setUserModel(ids.userId, "mine");
  await store.sessions.setConversationModel(ids.conversationId, "ours");
  expect(await store.sessions.read(message(), ids)).toMatchObject({ preferredModel: "mine", modelOverride: "ours" });
  await store.sessions.setUserModel(ids.userId, undefined);
  await store.sessions.setConversationModel(ids.conversationId, undefined);
  expect(await store.sessions.read(message(), ids)).toEqual({ ...ids, history: [] });
});

test("messages, tokens and the model of each answer are counted", async () => {
  for (const text of ["one", "two"]) {
    const turn = await begin({ text });
    const ids = await store.sessions.open(turn.message);
    await store.sessions.record(turn, says(turn), ids, 10);
    await end(turn, ids, "answer");
  }
  const { conversationId } = await store.sessions.open(message());
  expect(await store.sessions.tally(conversationId)).toMatchObject({
    messages: 4,
    promptTokens: 20,
    completionTokens: 10,
  });
});

test("a room's transcript shows its turns in order, whole or from one on, and no other room's", async () => {
  for (const text of ["one", "two", "three"])
    await end(await begin({ text }), await store.sessions.open(message()), `${text}!`);
  await begin({ text: "elsewhere", room: "other" });
  const open = await begin({ text: "four" });

  const all = await store.transcripts.recent("web", "room", 10);
  expect(all.map(({ message, reply, state }) => [message.text, reply?.text, state])).toEqual([
    ["one", "one!", "delivered"],
    ["two", "two!", "delivered"],
    ["three", "three!", "delivered"],
    ["four", undefined, "waiting"],
  ]);
  expect((await store.transcripts.recent("web", "room", 2)).map(({ message }) => message.text)).toEqual([
    "three",
    "four",
  ]);
  expect((await store.transcripts.recent("web", "room", 10, open.id)).map(({ message }) => message.text)).toEqual([
    "four",
  ]);
});

test("one instance at a time receives, and another follows when it is gone", async () => {
  const other = await store.another();
  const fence = await store.leases.take("telegram", 10_000);
  expect(await other.leases.take("telegram", 10_000)).toBeUndefined();
  expect(await store.leases.take("telegram", 10_000)).toBe(fence);

  await store.leases.release("telegram");
  const next = await other.leases.take("telegram", 10_000);
  expect(Number(next)).toBeGreaterThan(Number(fence));

  await other.close();
  expect(await store.leases.take("telegram", 10_000)).toBeDefined();
});
