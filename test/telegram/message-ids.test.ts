import { expect, test } from "vitest";
import { messageIds } from "../../src/channels/telegram/message-ids.ts";

const supergroup = -1_000_000_000_005;

test("an id that another private chat has is no private chat's or basic group's, but may be a supergroup's", () => {
  const ids = messageIds();
  for (const [chat, id] of [
    [7, 10],
    [8, 12],
    [-5, 14],
  ] as const)
    ids.note(chat, id);
  expect(ids.newest(7)).toBe(14);
  expect(ids.unheardOf(7, { afterId: 9 }, 4)).toEqual([11, 13, 15, 16]);
  expect(ids.newest(supergroup)).toBe(0);
  expect(ids.unheardOf(supergroup, { afterId: 9 }, 2)).toEqual([10, 11]);
});

test("ids are told from the nearest on, never down to the oldest that is possible", () => {
  const ids = messageIds();
  ids.note(7, 20);
  ids.note(8, 22);
  expect(ids.unheardOf(7, { afterId: 17, nearId: 21 }, 7)).toEqual([23, 21, 24, 25, 26, 27, 19]);
});

test("where two private chats have the same id, each is counted by itself", () => {
  const ids = messageIds();
  ids.note(7, 10);
  ids.note(8, 10);
  ids.note(7, 11);
  ids.note(8, 20);
  expect(ids.newest(7)).toBe(11);
  expect(ids.unheardOf(7, { afterId: 10 }, 2)).toEqual([12, 13]);
});
