import { expect, test } from "vitest";
import { ChannelError } from "../../src/conversation/domain/errors.ts";
import type { Channel } from "../../src/conversation/ports/channel.ts";
import { supervise } from "../../src/supervise.ts";
import { openTestStore } from "../setup/open-test-store.ts";
import { until } from "../until.ts";

const log = { info() {}, warn() {}, error() {} };
const accept = async () => [];

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
  const supervised = supervise(fragile, { accept, leases: store.leases, log }, ending.signal);
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
  const receiving = supervise(a, { accept, leases: store.leases, log }, first.signal);
  await until(() => a.starts === 1, "the first receives");
  const waiting = supervise(b, { accept, leases: other.leases, log }, second.signal);
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
