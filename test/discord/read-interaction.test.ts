import { expect, test } from "vitest";
import { readInteraction } from "../../src/channels/discord/read-interaction.ts";

const me = { botId: "100" };
const ada = { id: "7", username: "ada", global_name: "Ada Lovelace" };
const interaction = {
  id: "175928847299117063",
  application_id: "100",
  type: 2,
  token: "t",
  channel_id: "42",
  channel: { type: 1 },
  context: 1,
  user: ada,
  data: { type: 1, name: "model", options: [{ name: "name", value: "gpt-5" }] },
};
function use(changes: object) {
  const asked = readInteraction({ ...interaction, ...changes }, me);
  return asked?.kind === "message" ? asked.message : asked;
}

test("a slash command is the text it stands for", () => {
  expect(use({})).toMatchObject({
    id: "interaction:175928847299117063",
    room: "100/42",
    text: "/model gpt-5",
    audience: "direct",
    address: { kind: "interaction", id: "175928847299117063", applicationId: "100", token: "t", channelId: "42" },
  });
  expect(use({ data: { type: 1, name: "help" } })).toMatchObject({ text: "/help" });
});

test("a slash command in a server or between other people is in a group", () => {
  expect(
    use({ guild_id: "9", context: 0, user: undefined, member: { user: ada, nick: "Countess", permissions: "0" } }),
  ).toMatchObject({
    audience: "group",
    author: { name: "Countess" },
  });
  expect(use({ context: 2 })).toMatchObject({ audience: "group" });
});

test("a question comes with its file", () => {
  const options = [
    { name: "question", type: 3, value: "What is it?" },
    { name: "file", type: 11, value: "66" },
  ];
  const file = { id: "66", filename: "a.png", content_type: "image/png", size: 9, url: "https://files.test/a.png" };
  const data = { type: 1, name: "chat", options, resolved: { attachments: { 66: file } } };
  expect(use({ data })).toMatchObject({
    text: "What is it?",
    attachments: [{ kind: "image", name: "a.png", bytes: 9 }],
  });
  expect(use({ data: { ...data, options: options.slice(0, 1) } })).not.toHaveProperty("attachments");
});

const server = { guild_id: "9", context: 0, user: undefined, member: { user: ada, permissions: "0" } };
const pressing = { type: 3, data: { custom_id: "12:7:/regenerate" }, message: { id: "55" } };

test("a press is its button's command, and names the answer under which it stood", () => {
  expect(use(pressing)).toMatchObject({
    id: "interaction:175928847299117063",
    room: "100/42",
    text: "/regenerate",
    about: { kind: "pressed", turnId: "12" },
    address: { kind: "interaction", token: "t", pressedId: "55" },
  });
  const example = { ...pressing, data: { custom_id: "12:7:What is 2:3?" } };
  expect(use(example)).toMatchObject({ text: "What is 2:3?", about: { kind: "pressed", turnId: "12" } });
});

test("only who asked may press, and who moderates", () => {
  const theirs = { ...pressing, ...server, data: { custom_id: "12:8:/stop" } };
  expect(use(theirs)).toMatchObject({ kind: "refused-press", token: "t" });
  for (const permission of [1n << 13n, 1n << 3n])
    expect(use({ ...theirs, member: { user: ada, permissions: String(permission) } })).toMatchObject({ text: "/stop" });
});

test("a moderator's settings are written with their names, and prove who moderates what", () => {
  const options = [
    { name: "mode", type: 3, value: "reply" },
    { name: "add-channel", type: 7, value: "77" },
  ];
  const data = { type: 1, name: "parley", options: [{ name: "settings", type: 1, options }] };
  const manager = { ...server, data, member: { user: ada, permissions: "32" } };
  expect(use(manager)).toMatchObject({ text: "/parley settings mode=reply add-channel=77", moderates: "9" });
  expect(use({ ...manager, member: { user: ada, permissions: "8192" } })).not.toHaveProperty("moderates");
  expect(use({ ...manager, authorizing_integration_owners: { "1": "7" } })).not.toHaveProperty("moderates");
});

test("other interactions are not for us", () => {
  expect(use({ type: 3, data: { custom_id: "of an older version" } })).toBeUndefined();
  expect(use({ data: { type: 2, name: "Report" } })).toBeUndefined();
});

test.each([null, 7, [], {}, { ...interaction, id: "x" }, { ...interaction, user: { id: "7" } }])(
  "a malformed interaction is an error: %j",
  (d) => {
    expect(() => readInteraction(d, me)).toThrow();
  },
);
