import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LeaseLostError } from "../../src/conversation/domain/errors.ts";
import type { ChannelMessage } from "../../src/conversation/domain/message.ts";
import type { FinalReply } from "../../src/conversation/domain/reply.ts";
import type { Turn } from "../../src/conversation/domain/turn.ts";
import type { Inbox } from "../../src/conversation/ports/inbox.ts";
import type { ParkedTurns } from "../../src/conversation/ports/parked-turns.ts";
import { message, says } from "../messages.ts";
import { openTestStore, type TestStore } from "../setup/open-test-store.ts";

const leaseMs = 60_000;
const reply: FinalReply = { text: "hi", end: "complete" };
const page = { state: "parked", countMax: 50 } as const;
let store: TestStore;
let inbox: Inbox;
let turns: ParkedTurns;

beforeEach(async () => {
  store = await openTestStore();
  inbox = store.inbox;
  turns = store.parkedTurns;
});
afterEach(() => store.drop());

const ask = (given: Partial<ChannelMessage> = {}) =>
  inbox.keep([{ kind: "question", message: message(given), whenFull: { turnsMax: 100 } }]);
const claimOne = async (): Promise<Turn> => {
  const [claim] = await inbox.claim(1, leaseMs);
  if (!claim) throw new Error("there was nothing to claim");
  return claim.turn;
};
const nothingToClaim = async () => expect(await inbox.claim(10, leaseMs)).toEqual([]);
const park = async (given: Partial<ChannelMessage> = {}) => {
  await ask(given);
  const turn = await claimOne();
  await inbox.park(turn, "the room blocks the bot");
  return turn;
};
const parkAnswered = async (given: Partial<ChannelMessage> = {}) => {
  await ask(given);
  const turn = await claimOne();
  await inbox.shown(turn, ["7"]);
  await inbox.answered(turn, reply);
  await inbox.park(turn, "the room blocks the bot");
  return turn;
};
const end = async (turn: Turn, parts: readonly string[] = []) => {
  if (!turn.reply) await inbox.answered(turn, reply);
  return await inbox.delivered(turn, parts);
};

describe("looking", () => {
  test("the list has the parked turns, the newest first, page by page, and nothing of what was written", async () => {
    const [first, second, third] = [await park({ text: "my secret" }), await parkAnswered(), await park({ room: "b" })];
    await ask({ room: "another" });
    const listed = await turns.list(page);
    expect(listed.map(({ id }) => id)).toEqual([third.id, second.id, first.id]);
    expect(listed[1]).toMatchObject({ state: "parked", hasReply: true, error: "the room blocks the bot", attempt: 1 });
    expect(JSON.stringify(listed)).not.toContain("my secret");

    expect((await turns.list({ ...page, countMax: 2 })).map(({ id }) => id)).toEqual([third.id, second.id]);
    expect((await turns.list({ ...page, before: second.id })).map(({ id }) => id)).toEqual([first.id]);
    expect(await turns.count()).toBe(3);
  });

  test("what is on its way can be listed too, answered or not", async () => {
    await ask({ text: "first" });
    await ask({ text: "second", room: "b" });
    const turn = await claimOne();
    await inbox.answered(turn, reply);
    const listed = await turns.list({ ...page, state: "waiting" });
    expect(listed.map(({ state }) => state).toSorted()).toEqual(["answered", "waiting"]);
    expect(await turns.count()).toBe(0);
  });

  test("one turn is shown with all its texts and times; what is none is not found", async () => {
    const { id } = await parkAnswered({ text: "hello?" });
    const details = await turns.show(id);
    expect(details).toMatchObject({
      id,
      message: { text: "hello?" },
      reply,
      parts: ["7"],
      state: "parked",
      crashes: 0,
    });
    expect(details?.endedAtMs).toBeGreaterThanOrEqual(details?.keptAtMs ?? Number.POSITIVE_INFINITY);
    for (const none of ["999", "abc", "-1", "1; drop table turns", "99999999999999999999"])
      expect(await turns.show(none)).toBeUndefined();
  });
});

describe("replaying", () => {
  test("a saved reply is only sent, its parts are known, and nobody's crashes count", async () => {
    const { id } = await parkAnswered();
    expect(await turns.replay(id, "keep-reply")).toEqual({ kind: "done" });
    const [claim] = await inbox.claim(1, leaseMs);
    expect(claim).toMatchObject({ crashes: 0, turn: { id, reply, shown: ["7"] } });
    expect(await end(claim?.turn ?? (await claimOne()), ["7", "8"])).toBe(false);
    await nothingToClaim();
    expect(await turns.show(id)).toMatchObject({ state: "delivered", parts: ["7", "8"] });
  });

  test("asked again, the AI answers anew, and the conversation has question and answer once, at its end", async () => {
    const first = message({ text: "first" });
    const ids = await store.sessions.open(first);
    const answer = { ...ids, text: "old", model: "m", latencyMs: 1 };
    await inbox.keep([{ kind: "question", message: first, whenFull: { turnsMax: 100 } }]);
    const parked = await claimOne();
    await store.sessions.record(parked, says(parked), ids, 20);
    await inbox.answered(parked, { text: "old", end: "complete" }, answer);
    await inbox.park(parked, "the room blocks the bot");
    await ask({ text: "second" });
    const second = await claimOne();
    await store.sessions.record(second, says(second), ids, 20);
    await inbox.answered(second, reply, { ...answer, text: "to second" });
    await inbox.delivered(second, []);

    await turns.replay(parked.id, "ask-again");
    const again = await claimOne();
    expect(again.reply).toBeUndefined();
    const session = await store.sessions.record(again, says(again), ids, 20);
    expect(session?.history.map(({ text }) => text)).toEqual(["second", "to second"]);
    await inbox.answered(again, { text: "new", end: "complete" }, { ...answer, text: "new" });
    await inbox.delivered(again, []);
    await ask({ text: "third" });
    const last = await claimOne();
    const after = await store.sessions.record(last, says(last), ids, 20);
    expect(after?.history.map(({ text }) => text)).toEqual(["second", "to second", "first", "new"]);
  });

  test("what was kept yesterday is waited for as if it came just now, and is still known to be of yesterday", async () => {
    const parked = await parkAnswered();
    const client = new pg.Client(store.url);
    await client.connect();
    await client.query(
      "update turns set kept_at = kept_at - interval '30 hours', begun_at = begun_at - interval '30 hours'",
    );
    await client.end();
    const { keptAtMs } = (await turns.show(parked.id)) ?? {};
    await turns.replay(parked.id, "keep-reply");
    const [again] = await inbox.claim(1, leaseMs);
    expect(again?.triedMs).toBe(0);
    expect(again?.turn.ageMs).toBeGreaterThan(30 * 60 * 60_000);
    expect(await turns.show(parked.id)).toMatchObject({ keptAtMs });
  });

  test("its room is not in its way, nor it in the room's: it comes after what is on its way there", async () => {
    const parked = await park({ text: "parked" });
    await ask({ text: "running" });
    await ask({ text: "waiting" });
    const running = await claimOne();
    await turns.replay(parked.id, "keep-reply");
    await nothingToClaim();
    expect(await end(running)).toBe(true);
    const waiting = await claimOne();
    expect(waiting.message.text).toBe("waiting");
    expect(await end(waiting)).toBe(true);
    expect((await claimOne()).id).toBe(parked.id);
  });

  test("what belongs together comes back together", async () => {
    const joins = { key: "paste:ada", windowMs: 60_000 };
    for (const text of ["begin", "end"]) await ask({ text, joins });
    await store.passTime();
    const turn = await claimOne();
    await inbox.park(turn, "blocked");
    await turns.replay(turn.id, "keep-reply");
    expect((await claimOne()).message.text).toBe("begin\nend");
  });

  test("it is not forgotten when the last turn of its room is delivered at the same time", async () => {
    for (let n = 0; n < 20; n++) {
      const room = `room ${n}`;
      const parked = await park({ room });
      await ask({ room });
      const running = await claimOne();
      await inbox.answered(running, reply);
      await Promise.all([turns.replay(parked.id, "keep-reply"), inbox.delivered(running, [])]);
      const again = await claimOne();
      expect(again.id).toBe(parked.id);
      await end(again);
      await nothingToClaim();
    }
  });

  test("a /stop means the turn that is being answered, not the replayed one behind it", async () => {
    const parked = await park();
    await ask({ text: "tell me a story" });
    const running = await claimOne();
    await turns.replay(parked.id, "keep-reply");
    await inbox.keep([{ kind: "stop", message: message({ text: "/stop" }), turnsMax: 100 }]);
    expect((await inbox.renew([running], leaseMs)).get(running.id)).toBe("stopped");
    await end(running);
    expect((await claimOne()).stopRequested).toBeUndefined();
  });

  test("it knows which parts its room shows since, so that none of them is taken for its own", async () => {
    const parked = await park();
    await ask();
    await end(await claimOne(), ["20"]);
    await turns.replay(parked.id, "keep-reply");
    expect((await claimOne()).after).toBe("20");
  });

  test("whoever held it before it was parked can write nothing any more", async () => {
    const stale = await park();
    await turns.replay(stale.id, "keep-reply");
    await expect(inbox.answered(stale, reply)).rejects.toThrow(LeaseLostError);
    await expect(inbox.park(stale, "")).rejects.toThrow(LeaseLostError);
    expect((await claimOne()).attempt).toBeGreaterThan(stale.attempt + 1);
  });

  test("a pause that the platform asked for is kept", async () => {
    const parked = await park();
    await ask();
    await inbox.putBack(await claimOne(), 60_000, "retry after");
    await turns.replay(parked.id, "keep-reply");
    await nothingToClaim();
  });

  test("ten operators at once replay it once; what is not parked stays as it is, and what is unknown is said to be", async () => {
    const { id } = await park();
    const decisions = await Promise.all(Array.from({ length: 10 }, () => turns.replay(id, "keep-reply")));
    expect(decisions.filter(({ kind }) => kind === "done")).toHaveLength(1);
    expect(decisions.filter(({ kind }) => kind === "not-parked")).toHaveLength(9);
    expect(decisions).toContainEqual({ kind: "not-parked", state: "waiting" });
    await end(await claimOne());
    expect(await turns.replay(id, "ask-again")).toEqual({ kind: "not-parked", state: "delivered" });
    expect(await turns.replay("999", "keep-reply")).toEqual({ kind: "unknown" });
    await nothingToClaim();
  });
});

describe("discarding", () => {
  test("a discarded turn is no longer counted or listed among the parked, and stays to be read", async () => {
    const { id } = await parkAnswered();
    expect(await turns.discard(id)).toEqual({ kind: "done" });
    expect(await turns.list(page)).toEqual([]);
    expect(await turns.count()).toBe(0);
    expect(await turns.list({ ...page, state: "discarded" })).toMatchObject([{ id, state: "discarded" }]);
    expect(await turns.show(id)).toMatchObject({ state: "discarded", reply });
    await nothingToClaim();
  });

  test("it can be neither discarded twice nor replayed, and of the two at once one happens", async () => {
    const first = await park();
    await turns.discard(first.id);
    expect(await turns.discard(first.id)).toEqual({ kind: "not-parked", state: "discarded" });
    expect(await turns.replay(first.id, "keep-reply")).toEqual({ kind: "not-parked", state: "discarded" });

    for (let n = 0; n < 10; n++) {
      const { id } = await park({ room: `room ${n}` });
      const both = await Promise.all([turns.discard(id), turns.replay(id, "keep-reply")]);
      expect(both.filter(({ kind }) => kind === "done")).toHaveLength(1);
      expect((await turns.show(id))?.state).toBe(both[0].kind === "done" ? "discarded" : "waiting");
    }
  });
});
