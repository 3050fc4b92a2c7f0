import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LeaseLostError, StoreError } from "../../src/conversation/domain/errors.ts";
import type { ChannelMessage } from "../../src/conversation/domain/message.ts";
import type { FinalReply } from "../../src/conversation/domain/reply.ts";
import type { Turn } from "../../src/conversation/domain/turn.ts";
import type { Arrival, Inbox, WhenFull } from "../../src/conversation/ports/inbox.ts";
import { message } from "../messages.ts";
import { openTestStore, type TestStore } from "../setup/open-test-store.ts";
import { until } from "../until.ts";

const leaseMs = 60_000;
const reply: FinalReply = { text: "hi", end: "complete" };
let store: TestStore;
let inbox: Inbox;

beforeEach(async () => {
  store = await openTestStore();
  inbox = store.inbox;
});
afterEach(() => store.drop());

const question = (asked: ChannelMessage, whenFull: WhenFull = { turnsMax: 1_000 }): Arrival => ({
  kind: "question",
  message: asked,
  whenFull,
});
const yielding = (asked: ChannelMessage): Arrival => ({ ...question(asked), yields: true }) as Arrival;
const ask = (given: Partial<ChannelMessage> = {}) => inbox.keep([question(message(given))]);
const claimOne = async (from: Inbox = inbox): Promise<Turn> => {
  const [claim] = await from.claim(1, leaseMs);
  if (!claim) throw new Error("there was nothing to claim");
  return claim.turn;
};
const nothingToClaim = async (from: Inbox = inbox) => expect(await from.claim(10, leaseMs)).toEqual([]);

describe("keeping", () => {
  test("a message that comes twice is kept once", async () => {
    const twice = message();
    expect(await inbox.keep([question(twice)])).toEqual(["new"]);
    expect(await inbox.keep([question(twice)])).toEqual(["known"]);
    expect(await inbox.claim(10, leaseMs)).toHaveLength(1);
  });

  test("the same message a hundred times at once is one turn", async () => {
    const same = message();
    const kept = await Promise.all(Array.from({ length: 100 }, () => inbox.keep([question(same)])));
    expect(kept.flat().filter((one) => one !== "known")).toHaveLength(1);
    const turn = await claimOne();
    await inbox.answered(turn, reply);
    await inbox.delivered(turn, ["1"]);
    await nothingToClaim();
  });

  test("the same id in two rooms is two messages", async () => {
    await ask({ id: "7", room: "a" });
    await ask({ id: "7", room: "b" });
    expect(await inbox.claim(10, leaseMs)).toHaveLength(2);
  });

  test("a batch is kept whole, each room in its order", async () => {
    const batch = ["a1", "b1", "a2", "b2"].map((text) => message({ text, room: text.slice(0, 1) }));
    expect(await inbox.keep(batch.map((one) => question(one)))).toEqual(["new", "new", "queued", "queued"]);
    const first = (await inbox.claim(10, leaseMs)).map(({ turn }) => turn.message.text);
    expect(first.toSorted()).toEqual(["a1", "b1"]);
  });

  test("a hundred messages of one room kept at once are answered in the order in which they were committed", async () => {
    await Promise.all(Array.from({ length: 50 }, (_, index) => ask({ text: String(index) })));
    let lastId = 0;
    for (let n = 0; n < 50; n++) {
      const turn = await claimOne();
      expect(Number(turn.id)).toBeGreaterThan(lastId);
      lastId = Number(turn.id);
      await inbox.answered(turn, reply);
      expect(await inbox.delivered(turn, [])).toBe(n < 49);
    }
    await nothingToClaim();
  });

  test("what PostgreSQL cannot hold does not lose a message: NUL and half surrogate pairs", async () => {
    await ask({ text: "a\0b\uD800c" });
    expect((await claimOne()).message.text).toBe("ab\uFFFDc");
  });

  test("a refusal with words is only sent, one without is not", async () => {
    await inbox.keep([
      { kind: "refusal", message: message({ room: "told" }), reply },
      { kind: "refusal", message: message({ room: "not told" }) },
    ]);
    const claims = await inbox.claim(10, leaseMs);
    expect(claims.map(({ turn }) => [turn.message.room, turn.reply?.text])).toEqual([["told", "hi"]]);
  });
});

describe("messages that belong together", () => {
  const album = (n: number, more: Partial<ChannelMessage> = {}) =>
    message({
      id: `p${n}`,
      text: n === 1 ? "look" : "",
      attachments: [{ kind: "image", name: `${n}.png`, source: n }],
      joins: { key: "album:7", windowMs: 60_000 },
      ...more,
    });
  const names = ({ message }: Turn) => message.attachments?.map(({ name }) => name);
  const claimLater = async () => {
    await nothingToClaim();
    await store.passTime();
    return await claimOne();
  };

  test("the first of them waits for the others, but not for long", async () => {
    await inbox.keep([question(album(1, { joins: { key: "album:7", windowMs: 200 } }))]);
    await until(async () => (await inbox.claim(1, leaseMs)).length > 0, "it is due");
  });

  test("the pictures of an album are one turn, each kept once", async () => {
    expect(await inbox.keep([question(album(1))])).toEqual(["new"]);
    await nothingToClaim();
    expect(await inbox.keep([2, 3].map((n) => question(album(n))))).toEqual(["joined", "joined"]);
    expect(await inbox.keep([question(album(2))])).toEqual(["known"]);
    const turn = await claimLater();
    expect(turn.message.id).toBe("p1");
    expect(turn.message.text).toBe("look");
    expect(names(turn)).toEqual(["1.png", "2.png", "3.png"]);
    await inbox.answered(turn, reply);
    await inbox.delivered(turn, ["1"]);
    await nothingToClaim();
  });

  test("a picture that comes after the album was begun is a turn of its own", async () => {
    await inbox.keep([question(album(1))]);
    const first = await claimLater();
    expect(await inbox.keep([question(album(2))])).toEqual(["queued"]);
    await inbox.answered(first, reply);
    await inbox.delivered(first, ["1"]);
    expect(names(await claimLater())).toEqual(["2.png"]);
  });

  test("another album, another person's message, and what comes too late do not join", async () => {
    await inbox.keep([question(album(1))]);
    expect(await inbox.keep([question(album(2, { joins: { key: "album:8", windowMs: 60_000 } }))])).toEqual(["queued"]);
    expect(await inbox.keep([question(message({ text: "hello" }))])).toEqual(["queued"]);
    expect(await inbox.keep([question(message({ joins: { key: "paste:eve", windowMs: 0 } }))])).toEqual(["queued"]);
    const first = await claimLater();
    expect(names(first)).toEqual(["1.png"]);
  });

  test("the short end of a long paste joins its beginning, and waits for nobody when there is none", async () => {
    const paste = { key: "paste:ada", windowMs: 0 };
    await inbox.keep([question(message({ text: "alone", joins: paste }))]);
    const alone = await claimOne();
    await inbox.keep([question(message({ text: "begin", joins: { ...paste, windowMs: 60_000 } }))]);
    expect(await inbox.keep([question(message({ text: "end", joins: paste }))])).toEqual(["joined"]);
    await inbox.answered(alone, reply);
    expect(await inbox.delivered(alone, ["1"])).toBe(true);
    expect((await claimLater()).message.text).toBe("begin\nend");
  });

  test("while the turn before it is claimed an album still gathers", async () => {
    await ask({ text: "before" });
    await inbox.keep([question(album(1))]);
    const before = await claimOne();
    expect(before.message.text).toBe("before");
    expect(await inbox.keep([question(album(2))])).toEqual(["joined"]);
    await inbox.answered(before, reply);
    await inbox.delivered(before, ["1"]);
    expect(names(await claimLater())).toEqual(["1.png", "2.png"]);
  });
});

test("a message that comes while another one is answered is told so", async () => {
  expect(await ask({ text: "first" })).toEqual(["new"]);
  expect(await ask({ text: "second" })).toEqual(["queued"]);
  const first = await claimOne();
  expect(first.wasQueued).toBeUndefined();
  await inbox.answered(first, reply);
  await inbox.delivered(first, ["1"]);
  expect((await claimOne()).wasQueued).toBe(true);
});

test("a turn is told where an earlier answer still shows buttons", async () => {
  await ask();
  const first = await claimOne();
  await inbox.answered(first, { ...reply, buttons: [[{ label: "Again", command: "/regenerate" }]] });
  await inbox.delivered(first, ["1", "2"]);
  await ask();
  expect((await claimOne()).buttonsAt).toBe("2");
});

test("a turn that is taken from a holder who lives counts as nobody's death", async () => {
  await ask();
  const cutOff = await claimOne();
  const another = await store.another();
  await store.close(); // its presence lock goes, as when its connection breaks
  await until(async () => (await another.inbox.freeAbandoned()) > 0, "its room is free", 10_000);
  const [taken] = await another.inbox.claim(1, leaseMs);
  expect(taken?.crashes).toBe(1);
  await inbox.forgive(cutOff);
  await another.inbox.freeForgotten([]); // gives it back, as if it had not been claimed
  const [again] = await another.inbox.claim(1, leaseMs);
  expect(again?.crashes).toBe(0);
});

describe("a full room", () => {
  test("refuses the newest: the first with words, the others silently, until it has room again", async () => {
    const whenFull: WhenFull = { turnsMax: 2, words: { text: "too many", end: "complete" } };
    const outcomes = [];
    for (let n = 0; n < 5; n++)
      outcomes.push(...(await inbox.keep([question(message({ text: String(n) }), whenFull)])));
    expect(outcomes).toEqual(["new", "queued", "full", "full", "full"]);
    const said: (string | undefined)[] = [];
    for (let n = 0; n < 3; n++) {
      const turn = await claimOne();
      said.push(turn.reply?.text);
      if (!turn.reply) await inbox.answered(turn, reply);
      await inbox.delivered(turn, []);
    }
    expect(said).toEqual([undefined, undefined, "too many"]);
    await until(async () => (await inbox.claim(10, leaseMs)).length === 0, "the room rests");
    expect(await inbox.keep([question(message(), whenFull)])).toEqual(["new"]);
  });

  test("keeps nothing at all of what is refused at the door, so that it can be sent again", async () => {
    const late = message();
    await ask();
    expect(await inbox.keep([question(late, { turnsMax: 1 })])).toEqual(["full"]);
    const turn = await claimOne();
    await inbox.answered(turn, reply);
    await inbox.delivered(turn, []);
    await until(async () => (await inbox.claim(10, leaseMs)).length === 0, "the room rests");
    expect(await inbox.keep([question(late, { turnsMax: 1 })])).toEqual(["new"]);
    expect((await claimOne()).message.id).toBe(late.id);
  });

  test("knows a redelivered message however full it is, and does not hold up other rooms", async () => {
    const first = message();
    const whenFull = { turnsMax: 1, words: reply };
    await inbox.keep([question(first, whenFull)]);
    expect(await inbox.keep([question(first, whenFull)])).toEqual(["known"]);
    expect(await inbox.keep([question(message({ room: "another" }), whenFull)])).toEqual(["new"]);
  });
});

describe("claiming", () => {
  test("a room's turns are claimed one at a time, the oldest first", async () => {
    await ask({ text: "first" });
    await ask({ text: "second" });
    const first = await claimOne();
    expect(first.message.text).toBe("first");
    await nothingToClaim();
    await inbox.answered(first, reply);
    expect(await inbox.delivered(first, ["1"])).toBe(true);
    expect((await claimOne()).message.text).toBe("second");
  });

  test("sixteen workers at once never share a room", async () => {
    await Promise.all(
      Array.from({ length: 120 }, (_, index) => ask({ room: `room ${index % 20}`, text: String(index) })),
    );
    const busy = new Set<string>();
    let answered = 0;
    const work = async () => {
      for (;;) {
        const [claim] = await inbox.claim(1, leaseMs);
        if (!claim && answered === 120) return;
        if (!claim) continue;
        const { turn } = claim;
        expect(busy.has(turn.message.room)).toBe(false);
        busy.add(turn.message.room);
        await inbox.answered(turn, reply);
        busy.delete(turn.message.room);
        await inbox.delivered(turn, []);
        answered++;
      }
    };
    await Promise.all(Array.from({ length: 16 }, work));
    expect(answered).toBe(120);
  });

  test("a lease that ran out is claimed again, and its old holder can write nothing", async () => {
    await ask();
    const [stale] = await inbox.claim(1, 1);
    const fresh = await until(async () => (await inbox.claim(1, leaseMs))[0], "the lease has run out");
    expect(fresh.turn.attempt).toBe(2);
    expect(fresh.crashes).toBe(1);
    const old = stale?.turn ?? fresh.turn;
    await expect(inbox.shown(old, ["1"])).rejects.toThrow(LeaseLostError);
    await expect(inbox.answered(old, reply)).rejects.toThrow(LeaseLostError);
    await expect(inbox.delivered(old, ["1"])).rejects.toThrow(LeaseLostError);
    await expect(inbox.putBack(old, 0, "")).rejects.toThrow(LeaseLostError);
    await expect(inbox.park(old, "")).rejects.toThrow(LeaseLostError);
    await expect(inbox.shut(old, "")).rejects.toThrow(LeaseLostError);
    expect((await inbox.renew([old], leaseMs)).get(old.id)).toBe("lost");
    expect((await inbox.renew([fresh.turn], leaseMs)).get(old.id)).toBe("held");
  });

  test("a renewed lease does not run out", async () => {
    await ask();
    const [claim] = await inbox.claim(1, 1);
    if (!claim) throw new Error("there was nothing to claim");
    await inbox.renew([claim.turn], leaseMs);
    await nothingToClaim();
  });

  test("a turn put back waits its time, and its room with it", async () => {
    await ask({ text: "first" });
    await ask({ text: "second" });
    await inbox.putBack(await claimOne(), 60_000, "later");
    await nothingToClaim();
    await ask({ room: "another" });
    expect((await claimOne()).message.room).toBe("another");
  });

  test("a turn put back for now is claimed at once, with its parts, and does not count as a crash", async () => {
    await ask();
    const turn = await claimOne();
    await inbox.shown(turn, ["7", "8"]);
    await inbox.putBack(turn, 0, "again");
    const [again] = await inbox.claim(1, leaseMs);
    expect(again).toMatchObject({ crashes: 0, turn: { attempt: 2, shown: ["7", "8"] } });
  });

  test("it is told for how long it is tried, however long it had waited for its turn", async () => {
    await ask();
    await store.keptEarlier("30 hours");
    const [first] = await inbox.claim(1, leaseMs);
    expect(first?.triedMs).toBe(0);
    expect(first?.turn.ageMs).toBeGreaterThan(30 * 60 * 60_000 - 1);
    if (first) await inbox.putBack(first.turn, 0, "again");
    const [again] = await inbox.claim(1, leaseMs);
    expect(again?.triedMs).toBeGreaterThan(0);
    expect(again?.triedMs).toBeLessThan(30 * 60_000);
  });

  test("where holders are given the time to renew, only rooms that nobody holds are claimed", async () => {
    await ask({ room: "held" });
    await inbox.claim(1, 0); // its lease is over at once
    await ask({ room: "free" });
    const free = await inbox.claim(10, leaseMs, "nobody's");
    expect(free.map(({ turn }) => turn.message.room)).toEqual(["free"]);
    expect((await inbox.claim(10, leaseMs)).map(({ turn }) => turn.message.room)).toEqual(["held"]);
  });

  test("a part that could not be noted while the database was away is noted with the answer, or when the turn is put back", async () => {
    await ask();
    const turn = await claimOne();
    await inbox.putBack({ ...turn, shown: ["7"] }, 0, "the AI was away");
    const again = await claimOne();
    expect(again.shown).toEqual(["7"]);
    await inbox.answered({ ...again, shown: ["7", "8"] }, reply);
    await inbox.putBack({ ...again, shown: [] }, 0, "what it was not told of stays");
    expect(await claimOne()).toMatchObject({ reply, shown: ["7", "8"] });
  });

  test("an answered turn that was not delivered comes back with its reply", async () => {
    await ask();
    const turn = await claimOne();
    await inbox.answered({ ...turn, savedAfter: "41" }, reply);
    await inbox.putBack(turn, 0, "the room was away");
    expect(await claimOne()).toMatchObject({ reply, savedAfter: "41" });
  });

  test("a parked turn is over, and the room goes on", async () => {
    await ask({ text: "first" });
    await ask({ text: "second" });
    await inbox.park(await claimOne(), "blocked");
    expect((await claimOne()).message.text).toBe("second");
  });

  test("what a claim took whose answer got lost is free again, and counts as no crash; what is in hand is kept", async () => {
    await ask({ room: "in hand" });
    const inHand = await claimOne();
    await ask({ room: "forgotten" });
    await claimOne();
    await inbox.freeForgotten([inHand]);
    const claims = await inbox.claim(10, leaseMs);
    expect(claims).toMatchObject([{ crashes: 0, turn: { message: { room: "forgotten" }, attempt: 2 } }]);
  });

  test("what a dead instance held is free at once, what a living one holds is not", async () => {
    await ask();
    const other = await store.another();
    await claimOne(other.inbox);
    await inbox.freeAbandoned();
    await nothingToClaim();
    await other.close();
    await until(() => inbox.freeAbandoned(), "the dead instance's room is free");
    expect((await claimOne()).attempt).toBe(2);
  });
});

describe("a room that is shut", () => {
  const shutRoom = async () => {
    for (const text of ["first", "second"]) await ask({ text });
    await inbox.shut(await claimOne(), "blocked by the user");
  };
  const claimed = async () => {
    const [claim] = await inbox.claim(1, leaseMs);
    if (!claim) throw new Error("there was nothing to claim");
    return claim;
  };

  test("is told with the claim of each turn that was kept before, and of no other room's", async () => {
    await shutRoom();
    await ask({ text: "elsewhere", room: "another" });
    const claims = await inbox.claim(10, leaseMs);
    expect(new Map(claims.map(({ turn, shut }) => [turn.message.text, shut]))).toEqual(
      new Map([
        ["second", "blocked by the user"],
        ["elsewhere", undefined],
      ]),
    );
  });

  test("is open again to what is kept later, and only to that", async () => {
    await shutRoom();
    await ask({ text: "I am back" });
    const before = await claimed();
    expect(before).toMatchObject({ shut: "blocked by the user", turn: { message: { text: "second" } } });
    await inbox.park(before.turn, "not tried");
    const after = await claimed();
    expect([after.turn.message.text, after.shut]).toEqual(["I am back", undefined]);
  });

  test("is open to a turn that an operator replays", async () => {
    await ask();
    const turn = await claimOne();
    await inbox.shut(turn, "blocked by the user");
    await store.parkedTurns.replay(turn.id, "keep-reply");
    expect(await claimed()).not.toHaveProperty("shut");
  });

  test("can be shut twice by a worker that never heard of the first time", async () => {
    await ask();
    const turn = await claimOne();
    await inbox.shut(turn, "blocked by the user");
    await inbox.shut(turn, "blocked by the user");
    await expect(inbox.shut(turn, "another reason")).rejects.toThrow(LeaseLostError);
    await nothingToClaim();
  });
});

describe("fair shares", () => {
  /** With a single slot: the rooms in the order in which they get it. */
  const workOff = async (turns: number): Promise<string[]> => {
    const rooms: string[] = [];
    for (let n = 0; n < turns; n++) {
      const turn = await claimOne();
      rooms.push(turn.message.room);
      await inbox.answered(turn, reply);
      await inbox.delivered(turn, []);
    }
    return rooms;
  };

  test("a room with a long backlog gets its next turn after every other room that waits has had one", async () => {
    for (let n = 0; n < 20; n++) await ask({ room: "flood" });
    for (const room of ["a", "b", "c", "a", "b", "c"]) await ask({ room });
    expect(await workOff(8)).toEqual(["flood", "a", "b", "c", "flood", "a", "b", "c"]);
    await ask({ room: "late" });
    expect(await workOff(3)).toEqual(["flood", "late", "flood"]);
  });

  test("who writes in many rooms at once gets one claim in eight where others wait, and all of them where nobody does", async () => {
    for (let n = 0; n < 30; n++) await inbox.keep([yielding(message({ room: `flood ${n}` }))]);
    for (let n = 0; n < 14; n++) await ask({ room: `other ${n}` });
    const rooms = await workOff(16);
    expect(rooms.filter((room) => room.startsWith("other"))).toEqual(
      Array.from({ length: 14 }, (_, n) => `other ${n}`),
    );
    expect(rooms.filter((room) => room.startsWith("flood"))).toEqual(["flood 0", "flood 1"]);
    const rest = await inbox.claim(100, leaseMs);
    expect(rest.map(({ turn }) => turn.message.room)).toEqual(
      Array.from({ length: 28 }, (_, n) => `flood ${n + 2}`).map((room) => expect.stringContaining(room.slice(0, 6))),
    );
  });

  test("a room yields for as long as its newest question does", async () => {
    await inbox.keep([yielding(message({ room: "once a flood" }))]);
    await ask({ room: "once a flood" });
    await ask({ room: "another" });
    expect(await workOff(2)).toEqual(["once a flood", "another"]);
    await inbox.keep([yielding(message({ room: "another" }))]);
    expect(await workOff(1)).toEqual(["once a flood"]);
  });
});

describe("stopping", () => {
  const sayStop = (given: Partial<ChannelMessage> = {}, turnsMax = 100) =>
    inbox.keep([{ kind: "stop", message: message({ text: "/stop", ...given }), turnsMax }]);
  const press = ({ id: turnId }: Turn) => sayStop({ about: { kind: "pressed", turnId } });

  test("a stop reaches the running turn, waits for its own answer, and says that it stopped something", async () => {
    await ask({ text: "tell me a story" });
    const running = await claimOne();
    await sayStop();
    expect((await inbox.renew([running], leaseMs)).get(running.id)).toBe("stopped");
    await inbox.answered(running, { text: "once", end: "stopped" });
    await inbox.delivered(running, []);
    const stop = await claimOne();
    expect(stop.stoppedTurn).toBe(true);
    expect(stop.stopRequested).toBeUndefined();
  });

  test("a stop with nothing running stops nothing that comes later", async () => {
    await sayStop();
    await ask({ text: "later" });
    const stop = await claimOne();
    expect(stop.stoppedTurn).toBeUndefined();
    await inbox.answered(stop, reply);
    await inbox.delivered(stop, []);
    expect((await claimOne()).stopRequested).toBeUndefined();
  });

  test("a stop reaches a turn that waits to be tried again", async () => {
    await ask();
    await inbox.putBack(await claimOne(), 0, "the AI is away");
    await sayStop();
    expect((await claimOne()).stopRequested).toBe(true);
  });

  test("a button stops the answer above it, and not the next one when it comes too late", async () => {
    await ask({ text: "mine" });
    await ask({ text: "theirs" });
    const mine = await claimOne();
    await inbox.answered(mine, reply);
    await inbox.delivered(mine, ["1"]);
    const theirs = await claimOne();
    await press(mine);
    expect((await inbox.renew([theirs], leaseMs)).get(theirs.id)).toBe("held");
    await press(theirs);
    expect((await inbox.renew([theirs], leaseMs)).get(theirs.id)).toBe("stopped");
  });

  test("where too many wait it stops all the same, and nothing more waits", async () => {
    await ask({ text: "tell me a story" });
    const running = await claimOne();
    const late = message({ text: "/stop" });
    expect(await sayStop(late, 1)).toEqual(["full"]);
    expect(await sayStop(late, 1)).toEqual(["known"]);
    expect((await inbox.renew([running], leaseMs)).get(running.id)).toBe("stopped");
    await inbox.answered(running, reply);
    expect(await inbox.delivered(running, ["1"])).toBe(true); // it has a number
    await nothingToClaim();
  });
});

test("without a database every call says that it is away, and that waiting helps", async () => {
  await store.loseDatabase();
  await expect(ask()).rejects.toThrow(StoreError);
  await expect(inbox.claim(1, leaseMs)).rejects.toMatchObject({ retryable: true });
});
