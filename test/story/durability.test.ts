import { afterEach, beforeEach, expect, test } from "vitest";
import type { TelegramDouble } from "../doubles/telegram-double.ts";
import { findFreePort } from "../setup/find-free-port.ts";
import { until } from "../until.ts";
import { openTelegramWorld, type TelegramWorld } from "./open-telegram-world.ts";
import { visit } from "./visit.ts";

let world: TelegramWorld;
let telegram: TelegramDouble;

beforeEach(async () => {
  world = await openTelegramWorld();
  ({ telegram } = world);
});
afterEach(() => world.close());

const words = "one two three four five six seven eight nine ten";
const chat = 77;

const botSaid = () =>
  telegram
    .transcript(chat)
    .filter(({ fromBot }) => fromBot)
    .map(({ text }) => text);

test("kill -9 in mid-answer: the next start answers, and the page sees one answer", async () => {
  const PORT = String(await findFreePort());
  const first = await world.start({ PORT });
  const page = await visit(first.url);
  world.ai.answer = () => words;
  world.ai.hold();
  const { id } = await page.write("count");
  await until(() => world.ai.running === 1, "the AI is asked");
  world.ai.release(4);
  await until(() => page.drafts().some(({ text }) => text.includes("one")), "the answer grows", 30_000);
  await first.kill();
  world.ai.release();

  await world.start({ PORT });
  await page.reload();
  expect((await page.answerTo(id)).reply?.text).toBe(words);
  const turnsOfIt = page.turns().filter(({ messageId }) => messageId === id);
  expect(new Set(turnsOfIt.map(({ turnId }) => turnId)).size).toBe(1);
  expect(world.ai.requestCount).toBe(2);
});

test("kill -9 in mid-answer on Telegram: the next start goes on in the same draft, and sends one message", async () => {
  const first = await world.startBot();
  world.ai.answer = () => words;
  world.ai.hold();
  telegram.say({ chat, text: "count" });
  await until(() => world.ai.running === 1, "the AI is asked", 30_000);
  world.ai.release(4);
  await until(() => telegram.draft(chat)?.text, "the answer grows", 30_000);
  const draftId = telegram.draft(chat)?.draftId;
  await first.kill();
  world.ai.release();

  await world.startBot();
  await until(() => botSaid().join() === words, "the answer is whole", 30_000);
  expect(botSaid()).toEqual([words]);
  expect(new Set(telegram.callsOf("sendMessageDraft").map(({ params }) => params["draft_id"]))).toEqual(
    new Set([draftId]),
  );
  expect(world.ai.requestCount).toBe(2);
});

test("kill -9 after the reply was saved: it is sent, and the AI is not asked again", async () => {
  const first = await world.startBot();
  telegram.failNext("sendMessage", "hang");
  telegram.say({ chat, text: "hello" });
  await until(() => telegram.callsOf("sendMessage").length === 1, "the reply is being sent", 30_000);
  await first.kill();

  await world.startBot();
  await until(() => botSaid().length === 1, "the reply is there", 30_000);
  expect(botSaid()).toEqual(["You said: hello"]);
  expect(world.ai.requestCount).toBe(1);
});

test("what was written while nobody ran is answered in order, once", async () => {
  const first = await world.startBot();
  await first.stop();
  for (const text of ["one", "two", "three"]) telegram.say({ chat, text });
  await world.startBot();
  await until(() => botSaid().length === 3, "all are answered", 30_000);
  expect(botSaid()).toEqual(["You said: one", "You said: two", "You said: three"]);
  await until(() => telegram.pendingUpdates === 0, "all are acknowledged");
});

const waitsToKeep = "wait_event_type = 'Lock' and query like 'with arrival as%'";

test("nothing is acknowledged before it is kept: a message that comes while the database is away is answered later", async () => {
  const parley = await world.startBot();
  await until(() => telegram.callsOf("getUpdates").length > 0, "it polls", 30_000);
  const unlock = await world.lockTurns();
  telegram.say({ chat, text: "are you there?" });
  const isBeingKept = async () => {
    await world.run("select pg_stat_clear_snapshot()");
    return (await world.count(`pg_stat_activity where datname = current_database() and ${waitsToKeep}`)) > 0;
  };
  await until(isBeingKept, "it is fetched and waits to be kept", 30_000);
  await parley.kill();
  expect(telegram.pendingUpdates).toBe(1);
  await unlock();
  await world.startBot();
  await until(() => botSaid().length === 1, "it is answered", 30_000);
});

test("SIGTERM lets a running answer end, and exits with 0", async () => {
  const parley = await world.startBot();
  world.ai.answer = () => words;
  world.ai.hold();
  telegram.say({ chat, text: "count" });
  await until(() => world.ai.running === 1, "the AI is asked", 30_000);
  const stopped = parley.stop();
  await until(() => parley.output().includes("stopping"), "it is told to stop");
  world.ai.release();
  expect(await stopped).toBe(0);
  expect(botSaid()).toEqual([words]);
});

test("SIGTERM hands an answer that takes too long to the next instance at once", async () => {
  const PORT = String(await findFreePort());
  const first = await world.start({ PORT, DRAIN_SECONDS: "1" });
  const second = await world.start();
  const page = await visit(first.url);
  world.ai.hold();
  // Whoever has claimed it is told to stop.
  const { id } = await page.write("hello");
  await until(() => world.ai.running === 1, "the AI is asked", 30_000);
  const watching = await visit(second.url);
  expect(await first.stop()).toBe(0);
  expect(await second.stop().then(() => 0)).toBe(0);
  world.ai.release();
  await world.start({ PORT });
  await page.reload();
  expect((await page.answerTo(id)).reply?.text).toBe("You said: hello");
  expect(watching.turns()).toEqual([]);
});

test("two instances share the work: each message is answered once, in order, whichever took it", async () => {
  const [first, second] = await Promise.all([world.start(), world.start()]);
  const visitors = await Promise.all(Array.from({ length: 10 }, (_, index) => visit((index % 2 ? first : second).url)));
  await Promise.all(
    visitors.map(async (page) => {
      const ids: string[] = [];
      for (const text of ["one", "two", "three", "four"]) ids.push((await page.write(text)).id);
      for (const id of ids) await page.answerTo(id);
    }),
  );
  expect(world.ai.requestCount).toBe(40);
  for (const page of visitors) {
    const replies = new Map(page.turns().map((turn) => [turn.turnId, turn.reply?.text]));
    expect([...replies.values()]).toEqual(["one", "two", "three", "four"].map((text) => `You said: ${text}`));
  }
});

test("a killed instance's turns are taken over by the other within seconds", async () => {
  const [first, second] = await Promise.all([world.start(), world.start()]);
  const page = await visit(second.url);
  world.ai.hold();
  const written = await Promise.all(
    Array.from({ length: 6 }, async (_, n) => (await visit(second.url)).write(`hello ${n}`)),
  );
  const { id } = await page.write("hello");
  await until(() => world.ai.running === 7, "all are being answered", 30_000);
  await first.kill();
  const killedAtMs = performance.now();
  world.ai.release();
  await page.answerTo(id);
  await until(async () => (await world.count("turns where state <> 'delivered'")) === 0, "all are answered", 30_000);
  expect(written).toHaveLength(6);
  expect(performance.now() - killedAtMs).toBeLessThan(10_000); // the leases run out later
});
