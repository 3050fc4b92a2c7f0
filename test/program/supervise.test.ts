import { expect, test } from "vitest";
import { ChannelError } from "../../src/conversation/domain/errors.ts";
import type { Channel } from "../../src/conversation/ports/channel.ts";
import { supervise } from "../../src/supervise.ts";
import { openTestStore } from "../setup/open-test-store.ts";
import { until } from "../until.ts";

const log = { info() {}, warn() {}, error() {} };
const accept = async () => [];
const never = new AbortController().signal;
const endedBy = (taking: AbortSignal, holding = never) => ({ taking, holding });

/** A channel that does what it is told when it listens, and counts. */
function channel(listen: (signal: AbortSignal) => Promise<void>, receivesAlone = false): Channel & { starts: number } {
  return {
    starts: 0,
    name: "test",
    refuses: "in-room",
    receivesAlone,
    editIntervalMs: () => 0,
    listen(_accept, signal) {
      this.starts++;
      return listen(signal);
    },
    show: async () => [],
    health: () => ({ state: "connected" }),
  };
}

const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));

test("a channel that breaks is started again; one that can never work says why, and ends", async () => {
  const store = await openTestStore();
  const ending = new AbortController();
  const fragile = channel(async () => {
    throw fragile.starts < 3
      ? new Error("the network")
      : new ChannelError("the token is wrong: set TEST_TOKEN", { retryable: false });
  });
  const supervised = supervise(fragile, { accept, leases: store.leases, log }, endedBy(ending.signal));
  await supervised.ended;
  expect(fragile.starts).toBe(3);
  expect(supervised.health()).toEqual({ state: "failed", reason: "the token is wrong: set TEST_TOKEN" });
  await store.drop();
});

test("of two instances one receives; when it ends the other follows", async () => {
  const store = await openTestStore();
  const other = await store.another();
  const [first, second] = [new AbortController(), new AbortController()];
  const [a, b] = [channel(untilAborted, true), channel(untilAborted, true)];
  const receiving = supervise(a, { accept, leases: store.leases, log }, endedBy(first.signal));
  await until(() => a.starts === 1, "the first receives");
  const waiting = supervise(b, { accept, leases: other.leases, log }, endedBy(second.signal));
  await until(() => waiting.health().state === "standby", "the second stands by");
  expect([receiving.health().state, b.starts]).toEqual(["connected", 0]);

  first.abort();
  await receiving.ended;
  await until(() => b.starts === 1, "the second receives");
  expect(waiting.health().state).toBe("connected");
  second.abort();
  await waiting.ended;
  await store.drop();
});

/** A channel of several receivers, with what it has of them. */
function sharded(names: readonly string[]): Channel & { readonly has: Set<string>; readonly fences: string[] } {
  const has = new Set<string>();
  const fences: string[] = [];
  return {
    ...channel(untilAborted, true),
    has,
    fences,
    receivers: async () => names,
    async listen(_accept, signal, receiver) {
      if (!receiver) throw new Error("no receiver");
      has.add(receiver.name);
      fences.push(`${receiver.name} ${receiver.fence}`);
      await untilAborted(signal);
      has.delete(receiver.name);
    },
  };
}

test("receivers are spread over the instances, each on one; those of an instance that ends go to the other", async () => {
  const store = await openTestStore();
  const other = await store.another();
  const [first, second] = [new AbortController(), new AbortController()];
  const names = Array.from({ length: 6 }, (_, id) => `test/${id}`);
  const [a, b] = [sharded(names), sharded(names)];
  const atA = supervise(a, { accept, leases: store.leases, log }, endedBy(first.signal));
  const atB = supervise(b, { accept, leases: other.leases, log }, endedBy(second.signal));
  await until(() => a.has.size + b.has.size === 6, "all are taken", 10_000);
  expect([...a.has].filter((name) => b.has.has(name))).toEqual([]);
  expect(Math.min(a.has.size, b.has.size)).toBeGreaterThan(0);

  const ofA = [...a.has];
  first.abort();
  await atA.ended;
  expect(a.has.size).toBe(0);
  await until(() => b.has.size === 6, "the other has all", 10_000);
  expect(ofA.every((name) => b.fences.includes(`${name} 2`))).toBe(true);
  second.abort();
  await atB.ended;
  await store.drop();
});

test("an instance that dies is followed long before its lease is over; one that is cut off when it is, and it lets go by itself", async () => {
  const store = await openTestStore();
  const [dying, cutOff, heir] = [await store.another(), await store.another(), await store.another()];
  const ending = new AbortController();
  const [b, c] = [sharded(["test/0"]), sharded(["test/0"])];

  await dying.leases.take("test/0", 60_000);
  await dying.close();
  let isCutOff = false;
  // The way to the database hangs, as in a partition; the presence of the instance stays.
  const leases = {
    ...cutOff.leases,
    take: (name: string, leaseMs: number) =>
      isCutOff ? new Promise<never>(() => {}) : cutOff.leases.take(name, leaseMs),
    release: (name: string) => (isCutOff ? Promise.reject(new Error("cut off")) : cutOff.leases.release(name)),
  };
  const atB = new AbortController();
  void supervise(b, { accept, leases, log }, endedBy(atB.signal));
  await until(() => b.has.size === 1, "the heir of the dead", 10_000);

  const standingBy = supervise(c, { accept, leases: heir.leases, log }, endedBy(ending.signal));
  await until(() => standingBy.health().state === "standby", "another stands by");
  isCutOff = true;
  await until(() => c.has.size === 1, "the heir of the one that is cut off", 15_000);
  await until(() => b.has.size === 0, "the one that is cut off lets go", 5_000);
  ending.abort();
  atB.abort();
  await standingBy.ended;
  await store.drop();
});

test("a receiver that is another's by now is let go", async () => {
  const store = await openTestStore();
  const ending = new AbortController();
  const a = sharded(["test/0"]);
  let isTaken = false;
  const leases = {
    ...store.leases,
    take: async (name: string, leaseMs: number) => (isTaken ? undefined : await store.leases.take(name, leaseMs)),
  };
  const supervised = supervise(a, { accept, leases, log }, endedBy(ending.signal));
  await until(() => a.has.size === 1, "it is taken");
  isTaken = true;
  await until(() => a.has.size === 0, "it is let go");
  await until(() => supervised.health().state === "standby", "it stands by");
  ending.abort();
  await supervised.ended;
  await store.drop();
});

/** A channel that goes on while it is left, until `succeeded`. */
function handedOver(): Channel & { readonly log: string[]; succeeded(): void } {
  const log: string[] = [];
  const succeeding = new AbortController();
  return {
    ...channel(untilAborted, true),
    log,
    handsOver: true,
    succeeded: () => succeeding.abort(),
    async listen(_accept, signal, receiver) {
      log.push("receives");
      receiver?.leaving?.addEventListener("abort", () => log.push("leaves"));
      await untilAborted(AbortSignal.any([signal, succeeding.signal]));
      log.push(signal.aborted ? "is ended" : "is succeeded");
    },
  };
}

test("a receiver that can be handed over goes on until its successor has it", async () => {
  const store = await openTestStore();
  const other = await store.another();
  const [first, second] = [new AbortController(), new AbortController()];
  const [a, b] = [handedOver(), handedOver()];
  const atA = supervise(a, { accept, leases: store.leases, log }, endedBy(first.signal));
  await until(() => a.log.length === 1, "the first receives");
  const atB = supervise(b, { accept, leases: other.leases, log }, endedBy(second.signal));
  first.abort();
  await until(() => b.log.length === 1, "the second receives");
  await until(() => a.log.length === 2, "the first knows that it is left");
  expect(a.log).toEqual(["receives", "leaves"]);
  a.succeeded();
  await atA.ended;
  expect(a.log.at(-1)).toBe("is succeeded");

  // Of the one that has ended only its presence is left, so it may be taken for an heir: there is an end to that.
  second.abort();
  await until(() => b.log.includes("leaves"), "the second leaves");
  await atB.ended;
  expect(b.log.at(-1)).toBe("is ended");
  await store.drop();
});

test("where no other instance lives, or no time is left, a receiver is not handed over", async () => {
  const store = await openTestStore();
  const alone = new AbortController();
  const a = handedOver();
  const atA = supervise(a, { accept, leases: store.leases, log }, endedBy(alone.signal));
  await until(() => a.log.length === 1, "it receives");
  alone.abort();
  await atA.ended;
  expect(a.log).toEqual(["receives", "is ended"]);

  await store.another();
  const [taking, holding] = [new AbortController(), new AbortController()];
  const b = handedOver();
  const atB = supervise(b, { accept, leases: store.leases, log }, endedBy(taking.signal, holding.signal));
  await until(() => b.log.length === 1, "it receives", 10_000);
  taking.abort();
  await until(() => b.log.includes("leaves"), "it is left");
  holding.abort();
  await atB.ended;
  expect(b.log.at(-1)).toBe("is ended");
  await store.drop();
});
