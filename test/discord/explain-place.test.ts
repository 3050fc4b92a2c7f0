import { expect, test } from "vitest";
import { explainPlace } from "../../src/channels/discord/explain-place.ts";
import type { PlaceRules } from "../../src/conversation/ports/place-settings.ts";
import { message } from "../messages.ts";
import { testPlaces } from "./test-places.ts";

const onServer = message({
  audience: "group",
  address: { kind: "message", channelId: "1", messageId: "2", guildId: "9" },
});
const explain = async (rules: PlaceRules, asked = onServer, hearsAll = true) => {
  const places = testPlaces();
  await places.save({ channel: "discord", id: "9" }, rules);
  return await explainPlace(places, async () => hearsAll)(asked);
};

test.each([
  ["a thread for each mention, unless something else was decided", {}, /in a thread of its own/],
  ["replies", { mode: "reply" }, /^In a group I answer who mentions me/],
  ["slash commands only", { mode: "slash" }, /slash commands only/],
  ["chosen channels", { channelIds: ["1"] }, /only in the channels/],
  ["chosen roles", { mode: "reply", roleIds: ["5"] }, /one of the roles/],
] satisfies [string, PlaceRules, RegExp][])("/why says what moderators decided: %s", async (_, rules, words) => {
  expect(await explain(rules)).toMatch(words);
});

test("/why says whether the bot hears in its threads who does not mention it", async () => {
  expect(await explain({})).toMatch(/everything is for me/);
  expect(await explain({}, onServer, false)).toMatch(/only what mentions me/);
  expect(await explain({ mode: "reply" }, onServer, false)).not.toMatch(/thread/);
});

test("/why knows a direct message, and the person's language", async () => {
  const direct = message({ address: { kind: "message", channelId: "1", messageId: "2" } });
  expect(await explain({ mode: "slash" }, direct)).toMatch(/between the two of us/);
  expect(await explain({ mode: "slash" }, { ...onServer, language: "de" })).toMatch(/Slash-Befehle/);
});
