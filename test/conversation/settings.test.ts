import { afterAll, beforeAll, expect, test } from "vitest";
import { type OpenRoom, openRoom } from "./open-room.ts";

let room: OpenRoom;
beforeAll(async () => void (room = await openRoom()));
afterAll(async () => await room.close());

let places = 0;
/** Says it as somebody who moderates the place; each place is another one. */
function moderator(place = `server ${places++}`) {
  return (text: string) => room.ask({ room: place, author: { id: place, name: "Mod" }, text, moderates: place });
}

test("nothing is decided for a place at first", async () => {
  expect(await moderator()("/parley settings")).toBe(
    "- Mentions: I answer in a thread of its own\n- Channels: all\n- Roles: everybody",
  );
});

test("moderators decide how it answers, where and whom, one thing or several at once", async () => {
  const say = moderator();
  await say("/parley settings mode=reply add-channel=11 add-role=5");
  expect(await say("/parley settings add-channel=12")).toBe(
    "- Mentions: I answer with a reply\n- Channels: only [#11](channel:11) [#12](channel:12)\n- Roles: only [@5](role:5)",
  );
  expect(await say("/parley settings mode=slash remove-channel=11 remove-channel=12 remove-role=5")).toBe(
    "- Mentions: I do not answer, only slash commands\n- Channels: all\n- Roles: everybody",
  );
});

test("what is said twice is the same as once, and each place has its own", async () => {
  const say = moderator();
  await say("/parley settings add-role=5");
  expect(await say("/parley settings add-role=5")).toContain("only [@5](role:5)");
  expect(await moderator()("/parley")).toContain("everybody");
});

test.each(["mode=loud", "add-channel=general", "add-channel", "colour=red", "add-role=__proto__", "everything"])(
  "“%s” is not understood, and nothing is changed",
  async (written) => {
    const say = moderator();
    expect(await say(`/parley settings mode=reply ${written}`)).toContain(`I do not understand “${written}”`);
    expect(await say("/parley settings")).toContain("in a thread");
  },
);

test("there is an end to lists", async () => {
  const say = moderator();
  const many = Array.from({ length: 101 }, (_, at) => `add-channel=${at + 1}`);
  expect(await say(`/parley settings ${many.join(" ")}`)).toContain("100");
  expect(await say("/parley settings")).toContain("Channels: all");
});

test("nobody else can change or see them", async () => {
  const refusal = /belong to a server/;
  expect(await room.ask({ author: { id: "eve", name: "Eve" }, text: "/parley settings mode=slash" })).toMatch(refusal);
});
