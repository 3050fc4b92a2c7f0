import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LeaseLostError } from "../../src/conversation/domain/errors.ts";
import type { ChannelMessage } from "../../src/conversation/domain/message.ts";
import type { FinalReply } from "../../src/conversation/domain/reply.ts";
import type { Turn } from "../../src/conversation/domain/turn.ts";
import type { Answer, Inbox } from "../../src/conversation/ports/inbox.ts";
import type { Revisions } from "../../src/conversation/ports/revisions.ts";
import { message, says } from "../messages.ts";
import { openTestStore, type TestStore } from "../setup/open-test-store.ts";

const leaseMs = 60_000;
const reply: FinalReply = { text: "an answer", end: "complete" };
let store: TestStore;
let inbox: Inbox;
let revisions: Revisions;

beforeEach(async () => {
  store = await openTestStore();
  ({ inbox, revisions } = store);
});
afterEach(() => store.drop());

const ask = (given: Partial<ChannelMessage>) =>
  inbox.keep([{ kind: "question", message: message(given), whenFull: { turnsMax: 100 } }]);
const edit = (messageId: string, text: string, withinMs: number | null = 60_000) => {
  const about = { kind: "edited", messageId } as const;
  const edited = message({ id: `edit:${messageId}:${text}`, text, about });
  return inbox.keep([{ kind: "revision", message: edited, messageId, withinMs }]);
};
const takeBack = (messageId: string) => {
  const about = { kind: "deleted", messageId } as const;
  const deletion = message({ id: `delete:${messageId}`, text: "", about });
  return inbox.keep([{ kind: "revision", message: deletion, messageId, withinMs: null }]);
};
const claim = async (): Promise<Turn> => {
  const [claimed] = await inbox.claim(1, leaseMs);
  if (!claimed) throw new Error("there was nothing to claim");
  return claimed.turn;
};
/** Claims the turn of an edit of `messageId`, in the place of its answer; it asks what the question says by now. */
const takePlace = async (messageId: string): Promise<Turn> => {
  const turn = await claim();
  const taken = await revisions.takeOver(turn, { messageId }, "newest");
  if (!taken) throw new Error("the place was not taken");
  return { ...turn, shown: taken.shown, message: taken.question };
};
/** Answers the room's next turn as a model would. */
const answer = async (parts: readonly string[], turn?: Turn): Promise<Turn> => {
  const asked = turn ?? (await claim());
  const ids = await store.sessions.open(asked.message);
  await store.sessions.record(asked, says(asked), ids, 20);
  const said: Answer = { ...ids, text: "an answer", model: "m", latencyMs: 1 };
  await inbox.answered(asked, reply, said);
  await inbox.delivered(asked, parts);
  return asked;
};
const history = async () => {
  const probe = message({ room: "probe" });
  const ids = await store.sessions.open(probe);
  await ask({ ...probe });
  const turn = await claim();
  return (await store.sessions.record(turn, says(turn), ids, 20))?.history.map(({ text }) => text);
};

/** All that is kept anywhere of what people and the model have written. */
const wordsKept = async () => {
  const client = new pg.Client(store.url);
  await client.connect();
  const { rows } = await client.query(
    "select message->'text' as text, reply->'text' as reply, null as content from turns union all select null, null, content from messages",
  );
  await client.end();
  return JSON.stringify(rows);
};

describe("an edit", () => {
  test("is answered in the place of the first answer, which the conversation forgets", async () => {
    await ask({ id: "q", text: "what is 1 + 1" });
    await answer(["1", "2"]);
    expect(await edit("q", "what is 1 + 2")).toEqual(["new"]);
    const turn = await claim();
    const taken = await revisions.takeOver(turn, { messageId: "q" }, "newest");
    expect(taken).toMatchObject({ shown: ["1", "2"], question: { text: "what is 1 + 2" } });
    expect(await revisions.takeOver(turn, { messageId: "q" }, "newest")).toEqual(taken);
    await answer(["1"], { ...turn, message: taken?.question ?? turn.message });
    expect(await history()).toEqual(["what is 1 + 2", "an answer"]);
  });

  test("of an edited question follows the answer to where it stands now", async () => {
    await ask({ id: "q", text: "one" });
    await answer(["1"]);
    await edit("q", "two");
    await answer(["1"], await takePlace("q"));
    await edit("q", "three");
    expect(await takePlace("q")).toMatchObject({ shown: ["1"], message: { text: "three" } });
  });

  test("comes too late when something is shown after the answer, and when the message is old, unknown or was refused", async () => {
    await ask({ id: "q" });
    await ask({ id: "later" });
    await answer(["1"]);
    await answer(["2"]);
    await edit("q", "changed");
    const turn = await claim();
    expect(await revisions.takeOver(turn, { messageId: "q" }, "newest")).toBeUndefined();
    expect(await edit("q", "again", 0)).toEqual(["known"]);
    expect(await edit("stranger", "hello")).toEqual(["known"]);
    await inbox.keep([{ kind: "refusal", message: message({ id: "too much" }) }]);
    expect(await edit("too much", "hello")).toEqual(["known"]);
  });

  test("stops the answer that is being written, and stands in its place whatever waits behind it", async () => {
    await ask({ id: "q" });
    await ask({ id: "behind" });
    const running = await claim();
    await edit("q", "changed");
    expect((await inbox.renew([running], leaseMs)).get(running.id)).toBe("stopped");
    await inbox.answered(running, { text: "half", end: "stopped" });
    await inbox.delivered(running, ["1"]);
    expect((await answer(["2"])).message.id).toBe("behind");
    const edited = await takePlace("q");
    expect(edited).toMatchObject({ shown: ["1"], message: { text: "changed" } });
    await answer(["1"], edited);
    await ask({ id: "next" });
    expect((await claim()).after).toBe("2"); // what a crash leaves behind of it is sought below all that others show
  });

  test("of what nobody has begun is answered at its place in the room, with its sign that it waits", async () => {
    await ask({ id: "before" });
    await ask({ id: "q", text: "waiting" });
    await ask({ id: "behind" });
    expect(await edit("q", "changed")).toEqual(["new"]);
    expect(await edit("q", "changed again")).toEqual(["new"]);
    const answered = [];
    for (const part of ["1", "2", "3"]) answered.push(await answer([part]));
    expect(answered.map(({ message }) => message.text)).toEqual(["hello", "changed again", "hello"]);
    expect(answered[1]).toMatchObject({ message: { id: "q" }, wasQueued: true });
    expect(await inbox.claim(1, leaseMs)).toEqual([]);
  });

  test("of an edit that is being answered stops it; one that waits says the newest words", async () => {
    await ask({ id: "q", text: "one" });
    const first = await claim();
    await edit("q", "two");
    await edit("q", "three");
    await inbox.answered(first, { text: "half", end: "stopped" });
    await inbox.delivered(first, ["1"]);
    const second = await takePlace("q");
    expect(second.message.text).toBe("three");
    await edit("q", "four");
    expect((await inbox.renew([second], leaseMs)).get(second.id)).toBe("stopped");
    await answer(["1"], second);
    await answer(["1"], await takePlace("q"));
    expect(await history()).toEqual(["four", "an answer"]);
  });

  test("that changes nothing which is read is none", async () => {
    const picture = (source: string) => ({ attachments: [{ kind: "image", name: "cat.png", source }] }) as const;
    await ask({ id: "q", text: "look", ...picture("cat") });
    const running = await claim();
    const about = { kind: "edited", messageId: "q" } as const;
    const keep = (given: Partial<ChannelMessage>) =>
      inbox.keep([{ kind: "revision", message: message({ about, ...given }), messageId: "q", withinMs: 60_000 }]);
    expect(await keep({ text: "look", ...picture("the cat, by another name") })).toEqual(["known"]);
    expect((await inbox.renew([running], leaseMs)).get(running.id)).toBe("held");
    expect(await keep({ text: "look" })).toEqual(["new"]);
  });

  test("that comes twice is one turn", async () => {
    await ask({ id: "q" });
    await answer(["1"]);
    expect([...(await edit("q", "x")), ...(await edit("q", "x"))]).toEqual(["new", "known"]);
  });
});

describe("of what came in several messages", () => {
  const askTogether = async () => {
    const joins = { key: "paste:ada", windowMs: 60_000 };
    for (const text of ["begin", "middle", "end"]) await ask({ id: text, text, joins });
    await store.passTime();
    return await claim();
  };

  test.each([
    ["begin", "BEGIN\nmiddle\nend"],
    ["middle", "begin\nMIDDLE\nend"],
  ])("an edit of the %s asks all of it anew", async (id, text) => {
    await answer(["1"], await askTogether());
    await edit(id, id.toUpperCase());
    const turn = await takePlace(id);
    expect(turn).toMatchObject({ shown: ["1"], message: { text } });
    await answer(["1"], turn);
    expect(await history()).toEqual([text, "an answer"]);
  });

  test("an edit before anybody has begun is in the question", async () => {
    await ask({ id: "before" });
    const before = await claim();
    const joins = { key: "paste:ada", windowMs: 60_000 };
    for (const text of ["begin", "end"]) await ask({ id: text, text, joins });
    expect(await edit("end", "END")).toEqual(["new"]);
    await answer(["1"], before);
    await store.passTime();
    expect((await claim()).message.text).toBe("begin\nEND");
  });

  test("one that is taken back takes all of it back", async () => {
    await answer(["1"], await askTogether());
    await takeBack("middle");
    const turn = await claim();
    expect((await revisions.erase(turn, { messageId: "middle" }))?.shown).toEqual(["1"]);
    await inbox.answered(turn, { text: "", end: "complete" });
    await inbox.delivered(turn, []);
    expect(await wordsKept()).not.toMatch(/begin|middle|end|an answer/);
    expect(await history()).toEqual([]);
  });

  test("what still comes when the first is taken back is a question of its own", async () => {
    const joins = { key: "paste:ada", windowMs: 60_000 };
    await ask({ id: "begin", joins });
    await takeBack("begin");
    expect(await ask({ id: "end", joins: { ...joins, windowMs: 0 } })).toEqual(["queued"]);
  });
});

test("a question that is taken back leaves no word, not of its edits and answers either", async () => {
  await ask({ id: "q", text: "a secret" });
  await answer(["1"]);
  await edit("q", "another secret");
  await answer(["1"], await takePlace("q"));
  await ask({ id: "later" });
  await answer(["2"]);
  await edit("q", "a secret that came too late");
  const late = await claim();
  await inbox.answered(late, { text: "", end: "complete" });
  await inbox.delivered(late, []);

  expect(await takeBack("q")).toEqual(["new"]);
  const turn = await claim();
  const about = { messageId: "q" };
  expect((await revisions.erase(turn, about))?.shown).toEqual(["1"]);
  expect((await revisions.erase(turn, about))?.shown).toEqual(["1"]);
  expect(await wordsKept()).not.toMatch(/secret/);
  await inbox.answered(turn, { text: "", end: "complete" });
  await inbox.delivered(turn, []);
  expect(await history()).toEqual(["hello", "an answer"]);
});

test("a question that is taken back before anybody has begun, edited or not, is not answered", async () => {
  await ask({ id: "q", text: "a secret" });
  await edit("q", "another secret");
  await takeBack("q");
  const turn = await claim();
  expect(turn.message.about?.kind).toBe("deleted");
  await revisions.erase(turn, { messageId: "q" });
  expect(await wordsKept()).not.toMatch(/secret/);
});

test("an edit of what is about to be erased says nothing any more", async () => {
  await ask({ id: "q", text: "a secret" });
  await answer(["1"]);
  await takeBack("q");
  expect(await edit("q", "another secret")).toEqual(["known"]);
});

test("what was refused can be taken back too", async () => {
  await inbox.keep([{ kind: "refusal", message: message({ id: "q", text: "a secret" }) }]);
  expect(await takeBack("q")).toEqual(["new"]);
  await revisions.erase(await claim(), { messageId: "q" });
  expect(await wordsKept()).not.toMatch(/secret/);
});

test("an answer that is to be written once more is the newest of a model, and knows its question through every repetition", async () => {
  await ask({ id: "q", text: "the question" });
  const first = await answer(["1"]);
  for (const n of [1, 2]) {
    await ask({ id: `again${n}`, text: "/regenerate" });
    const turn = await claim();
    const newest = await revisions.newestAnswer(turn);
    if (n === 1) expect(newest).toEqual({ turnId: first.id, askerId: first.message.author.id });
    const taken = newest && (await revisions.takeOver(turn, newest, "newest"));
    expect(taken).toMatchObject({ question: { text: "the question" }, shown: ["1"] });
    expect(await revisions.newestAnswer(turn)).toEqual(newest); // as one who goes on after a crash asks
    await answer(["1"], { ...turn, message: { ...turn.message, text: "the question" } });
  }
  expect(await history()).toEqual(["the question", "an answer"]);
});

describe("after an answer, what a command says", () => {
  const command = async (id: string, parts: readonly string[]) => {
    await ask({ id, text: `/${id}` });
    const turn = await claim();
    await inbox.answered(turn, { text: "as you wish", end: "complete" });
    await inbox.delivered(turn, parts);
  };

  test("leaves the answer the one that is written once more, and that an edit is about", async () => {
    await ask({ id: "q", text: "the question" });
    const first = await answer(["1"]);
    await command("model", ["2"]);
    await ask({ id: "again", text: "/regenerate" });
    const again = await claim();
    expect(await revisions.takeOver(again, { turnId: first.id }, "newest")).toMatchObject({ shown: ["1"] });
    await answer(["1"], { ...again, message: { ...again.message, text: "the question" } });
    await command("status", ["3"]);
    await edit("q", "changed");
    expect(await takePlace("q")).toMatchObject({ shown: ["1"], message: { text: "changed" } });
  });

  test("closes it for good if it ended the conversation", async () => {
    await ask({ id: "q" });
    const first = await answer(["1"]);
    const { conversationId } = await store.sessions.open(first.message);
    await store.sessions.deactivate(conversationId);
    await command("reset", ["2"]);
    await ask({ id: "again", text: "/regenerate" });
    expect(await revisions.takeOver(await claim(), { turnId: first.id }, "newest")).toBeUndefined();
  });
});

test("nobody takes an answer over from another room, or for a turn that is another's by now", async () => {
  await ask({ id: "q", room: "theirs" });
  const theirs = await answer(["1"]);
  await ask({ id: "mine" });
  const turn = await claim();
  expect(await revisions.takeOver(turn, { turnId: theirs.id }, "any")).toBeUndefined();
  expect(await revisions.takeOver(turn, { messageId: "q" }, "any")).toBeUndefined();
  const lost = revisions.takeOver({ ...turn, attempt: turn.attempt + 1 }, { turnId: theirs.id }, "any");
  await expect(lost).rejects.toThrow(LeaseLostError);
});
