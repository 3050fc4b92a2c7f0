import { expect, test } from "vitest";
import { until } from "../until.ts";
import type { Place } from "./places.ts";
import { seededRandom } from "./random.ts";
import { talk } from "./talk.ts";

const signal = new AbortController().signal;
const random = seededRandom(1);
const waiting = () => 0;

test("people write until they are stopped, and what they have begun is still written", async () => {
  const texts: string[] = [];
  let isSlow = false;
  const slow = Promise.withResolvers<void>();
  const write = async (text: string) => {
    if (isSlow) await slow.promise;
    texts.push(text);
  };
  const place: Place = { name: "R1", channel: "web", written: 0, write, shown: () => [] };
  const talking = talk([place], { random }, { perSecond: 500, waitingMax: Infinity, waiting }, signal);
  await until(() => texts.length > 10, "they write");
  isSlow = true;
  const before = place.written;
  await until(() => place.written > before, "they go on while one is not taken");
  talking.stop();
  const { written } = place;
  slow.resolve();
  await talking.ended;
  expect(place.written).toBe(written);
  expect(texts).toHaveLength(written);
});

test("people who are to write so much write as much", async () => {
  const texts: string[] = [];
  const write = async (text: string) => void texts.push(text);
  const place: Place = { name: "R1", channel: "web", written: 0, write, shown: () => [] };
  await talk([place], { random }, { perSecond: 1_000_000, messages: 30, waiting }, signal).ended;
  expect(texts).toHaveLength(30);
});

test("people wait when too many of them wait for an answer", async () => {
  const texts: string[] = [];
  let answered = 0;
  const write = async (text: string) => void texts.push(text);
  const place: Place = { name: "R1", channel: "web", written: 0, write, shown: () => [] };
  let looks = 0;
  const waiting = () => (looks++, place.written - answered);
  const talking = talk([place], { random }, { perSecond: 500, waitingMax: 3, waiting }, signal);
  await until(() => texts.length === 3, "as many as may wait");
  const before = looks;
  await until(() => looks > before + 5, "they look whether they may write");
  expect(texts).toHaveLength(3);
  answered = 2;
  await until(() => texts.length === 5, "as many as were answered");
  talking.stop();
  await talking.ended;
});
