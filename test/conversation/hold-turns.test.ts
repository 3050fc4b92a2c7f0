import { afterEach, beforeEach, expect, test } from "vitest";
import { LeaseUnsureError } from "../../src/conversation/domain/errors.ts";
import { limits } from "../../src/conversation/domain/limits.ts";
import { type HeldTurn, holdTurns } from "../../src/conversation/hold-turns.ts";
import type { Hold } from "../../src/conversation/ports/channel.ts";
import type { Claim } from "../../src/conversation/ports/inbox.ts";
import { Secret } from "../../src/secret.ts";
import { openStore, type Store } from "../../src/store/open-store.ts";
import { connectPostgres, type Postgres } from "../../src/store/postgres/connect-postgres.ts";
import type { TcpFaultProxy } from "../faults/tcp-fault-proxy.ts";
import { message } from "../messages.ts";
import { databaseProxy } from "../setup/database-proxy.ts";
import { openTestStore, type TestStore } from "../setup/open-test-store.ts";
import { until } from "../until.ts";
import { silentJournal } from "./small-world.ts";

// One instance whose way to the database can be cut, and another one that nobody disturbs.

let other: TestStore;
let way: TcpFaultProxy;
let postgres: Postgres;
let store: Store;
const ending = new AbortController();

beforeEach(async () => {
  other = await openTestStore();
  const proxy = await databaseProxy(other.url);
  way = proxy.way;
  postgres = connectPostgres({ url: new Secret(proxy.url), connectionsMax: 2, report() {} });
  store = await openStore({ postgres, isShared: true, sessionTtlMs: 60_000, messagesPerMinute: 20, report() {} });
});
afterEach(async () => {
  await store.close();
  await postgres.close();
  await way.close();
  await other.drop();
});

test("who only lost its connections to the database is not taken for dead at once, and goes on when it is back", async () => {
  const { held, end } = await claimAndHold();
  way.refuse();
  await until(() => isUnsure(held.sending), "it knows that it is cut off");
  expect(await other.inbox.freeAbandoned()).toBe(0); // the first look finds it gone
  way.pass();
  await until(() => !isUnsure(held.sending), "it knows that nobody took the turn");

  expect(await other.inbox.freeAbandoned()).toBe(0);
  expect(await other.inbox.claim(10, limits.leaseMs)).toEqual([]);
  expect(await store.inbox.renew([held.turn], limits.leaseMs)).toEqual(new Map([[held.turn.id, "held"]]));
  end();
});

test("who is cut off from the database shows nothing of a turn that others may have, and lets go when they have it", async () => {
  const { held, end } = await claimAndHold();
  expect(isUnsure(held.writing)).toBe(false);
  way.refuse();
  await until(() => isUnsure(held.writing) && isUnsure(held.sending), "it knows that it is cut off");
  await until(() => other.inbox.freeAbandoned(), "others take it for dead");
  expect(await other.inbox.claim(10, limits.leaseMs)).toMatchObject([{ turn: { id: held.turn.id, attempt: 2 } }]);

  expect(() => held.check()).toThrow(LeaseUnsureError);
  expect(held.writing.signal.aborted).toBe(false); // the AI may go on: perhaps nobody had taken it
  way.pass();
  const isLetGo = () => isUnsure(held.writing) === "let go";
  await until(isLetGo, "it learns that the turn was taken");
  expect(held.writing.signal.reason).toBe("lost");
  end();
});

test("whose connection the database has forgotten without a word shows nothing any more, long before its leases run out", async () => {
  const { held, end } = await claimAndHold();
  way.hang();
  await until(() => isUnsure(held.sending), "it has asked, and got no answer", 10_000);
  way.pass();
  await until(() => !isUnsure(held.sending), "it knows that nobody took the turn", 20_000);
  end();
});

test("an answer whose lease ran out while the database was away is not given up, and goes on if nobody took the turn", async () => {
  const short = { ...limits, leaseMs: 2_000 };
  const { held, end } = await claimAndHold(short);
  way.refuse();
  await until(() => isUnsure(held.sending), "it cannot know whether others have it");
  const overAtMs = performance.now() + short.leaseMs;
  await until(() => performance.now() > overAtMs, "its lease has run out");
  expect(held.sending.signal.aborted || held.writing.signal.aborted).toBe(false);
  expect(() => held.check()).toThrow(LeaseUnsureError);

  way.pass();
  await until(
    () =>
      held.sending.sure().then(
        () => true,
        () => false,
      ),
    "the database has told",
  );
  expect(isUnsure(held.sending)).toBe(false);
  end();
});

/** Whether it could show something now; and whether it is to let go for good. */
function isUnsure(hold: Hold): boolean | "let go" {
  try {
    hold.check();
    return false;
  } catch (error) {
    return error instanceof LeaseUnsureError || "let go";
  }
}

async function claimAndHold(given = limits): Promise<{ readonly held: HeldTurn; end(): void }> {
  await store.inbox.keep([{ kind: "question", message: message(), whenFull: { turnsMax: 100 } }]);
  const claimedAtMs = performance.now();
  const claim = await claimOne(given.leaseMs);
  const holding = holdTurns({ ...store, journal: silentJournal, limits: given }, ending.signal);
  const held = holding.take(claim, claimedAtMs);
  const end = () => {
    holding.release(held);
    holding.end();
  };
  return { held, end };
}

async function claimOne(leaseMs: number): Promise<Claim> {
  const [claim] = await store.inbox.claim(1, leaseMs);
  if (!claim) throw new Error("there was nothing to claim");
  return claim;
}
