import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LeaseLostError } from "../../src/conversation/domain/errors.ts";
import type { ChannelMessage } from "../../src/conversation/domain/message.ts";
import type { FinalReply } from "../../src/conversation/domain/reply.ts";
import type { Turn } from "../../src/conversation/domain/turn.ts";
import type { Answer, Inbox } from "../../src/conversation/ports/inbox.ts";
import type { Revisions } from "../../src/conversation/ports/revisions.ts";
import { message, says } from "../messages.ts";
import { openTestStore, type TestStore } from "../setup/open-test-store.ts";

const leaseMs = 10_000;
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
  const edited = message({ id: `edit:${messageId}:${text.length}`, text, about });
  return inbox.keep([{ kind: "revision", message: edited, messageId, withinMs }]);
};
const claim = async (): Promise<Turn> => {
  const [claimed] = await inbox.claim(1, leaseMs);
  if (!claimed) throw new Error("there was nothing to claim");
  return claimed.turn;
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

describe("an edit", () => {
  test("is answered in the place of the first answer, which the conversation forgets", async () => {
    await ask({ id: "q", text: "what is 1 + 1" });
    await answer(["1", "2"]);
    expect(await edit("q", "what is 1 + 2")).toEqual(["new"]);
    const turn = await claim();
    const taken = await revisions.takeOver(turn, { messageId: "q" }, "newest");
    expect(taken?.shown).toEqual(["1", "2"]);
    expect(taken?.question.text).toBe("what is 1 + 1");
    expect(await revisions.takeOver(turn, { messageId: "q" }, "newest")).toEqual(taken);
    await answer(["1"], turn);
    expect(await history()).toEqual(["what is 1 + 2", "an answer"]);
  });

  test("of an edited question follows the answer to where it stands now", async () => {
    await ask({ id: "q", text: "one" });
    await answer(["1"]);
    await edit("q", "two");
    const second = await claim();
    await revisions.takeOver(second, { messageId: "q" }, "newest");
    await answer(["1"], second);
    await edit("q", "three");
    expect((await revisions.takeOver(await claim(), { messageId: "q" }, "newest"))?.shown).toEqual(["1"]);
  });

  test("comes too late when something is shown after the answer, and when the message is old or unknown", async () => {
    await ask({ id: "q" });
    await ask({ id: "later" });
    await answer(["1"]);
    await answer(["2"]);
    await edit("q", "changed");
    const turn = await claim();
    expect(await revisions.takeOver(turn, { messageId: "q" }, "newest")).toBeUndefined();
    expect(await edit("q", "again", 0)).toEqual(["known"]);
    expect(await edit("stranger", "hello")).toEqual(["known"]);
  });

  test("stops the answer that is being written, and spares the one that nobody has begun", async () => {
    await ask({ id: "q" });
    const running = await claim();
    await edit("q", "changed");
    expect((await inbox.renew([running], leaseMs)).get(running.id)).toBe("stopped");
    await inbox.answered(running, { text: "half", end: "stopped" });
    await inbox.delivered(running, ["1"]);
    const turn = await claim();
    expect((await revisions.takeOver(turn, { messageId: "q" }, "newest"))?.shown).toEqual(["1"]);
    await answer(["1"], turn);

    await ask({ id: "r", text: "waiting" });
    await edit("r", "changed");
    const spared = await claim();
    expect(spared.message.text).toBe("changed");
    expect((await revisions.takeOver(spared, { messageId: "r" }, "newest"))?.shown).toEqual([]);
  });

  test("that comes twice is one turn", async () => {
    await ask({ id: "q" });
    await answer(["1"]);
    expect([...(await edit("q", "x")), ...(await edit("q", "x"))]).toEqual(["new", "known"]);
  });
});

test("a question that is taken back leaves no word, not of its answers either", async () => {
  await ask({ id: "q", text: "a secret" });
  await answer(["1"]);
  await edit("q", "another secret");
  const second = await claim();
  await revisions.takeOver(second, { messageId: "q" }, "newest");
  await answer(["1"], second);

  const about = { kind: "deleted", messageId: "q" } as const;
  const deletion = message({ id: "delete:q", text: "", about });
  expect(await inbox.keep([{ kind: "revision", message: deletion, messageId: "q", withinMs: null }])).toEqual(["new"]);
  const turn = await claim();
  expect((await revisions.erase(turn, about))?.shown).toEqual(["1"]);
  expect((await revisions.erase(turn, about))?.shown).toEqual(["1"]);
  const kept = await store.transcripts.recent("web", "room", 10);
  expect(JSON.stringify(kept)).not.toMatch(/secret|an answer/);
  await inbox.answered(turn, { text: "", end: "complete" });
  await inbox.delivered(turn, []);
  expect(await history()).toEqual([]);
});

test("an answer that is to be written once more is the newest of a model, and knows its question through every repetition", async () => {
  await ask({ id: "q", text: "the question" });
  const first = await answer(["1"]);
  for (const n of [1, 2]) {
    await ask({ id: `again${n}`, text: "/regenerate" });
    const turn = await claim();
    const newest = await revisions.newestAnswer(turn);
    if (n === 1) expect(newest).toBe(first.id);
    const taken = await revisions.takeOver(turn, { turnId: newest ?? "" }, "newest");
    expect(taken).toMatchObject({ question: { text: "the question" }, shown: ["1"] });
    expect(await revisions.newestAnswer(turn)).toBe(newest); // as one who goes on after a crash asks
    await answer(["1"], { ...turn, message: { ...turn.message, text: "the question" } });
  }
  expect(await history()).toEqual(["the question", "an answer"]);
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
