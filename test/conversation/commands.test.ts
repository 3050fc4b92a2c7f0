import { describe, expect, test } from "vitest";
import { chooseModel } from "../../src/conversation/choose-model.ts";
import { commandWords } from "../../src/conversation/commands/command-words.ts";
import { findCommand } from "../../src/conversation/commands/find-command.ts";
import { parseCommand } from "../../src/conversation/domain/command.ts";
import { nearestWord } from "../../src/conversation/domain/nearest-word.ts";
import { message } from "../messages.ts";

describe("what is read as a command", () => {
  test.each([
    ["/model gpt-5", { name: "model", argument: "gpt-5" }],
    ["  /MODEL  gpt-5 --conversation ", { name: "model", argument: "gpt-5 --conversation" }],
    ["/model@parley_bot gpt-5", { name: "model", argument: "gpt-5" }],
    ["/help", { name: "help", argument: "" }],
    ["/reset\nnow", { name: "reset", argument: "now" }],
  ])("%j", (text, command) => expect(parseCommand(text)).toEqual(command));

  test.each(["hello", "/etc/hosts", "//comment", "/", "/ help", "a /help", "/2cents", "/usr/bin/env node"])(
    "%j is not",
    (text) => expect(parseCommand(text)).toBeUndefined(),
  );
});

test("every command that is offered exists", () => {
  for (const { name } of commandWords) expect(findCommand(message({ text: `/${name}` })), name).toBeDefined();
});

test.each(["/shrug", "/tableflip", "/constructor", "/toString", "/etc/passwd"])("%s is meant for the AI", (text) =>
  expect(findCommand(message({ text }))).toBeUndefined(),
);

test.each([
  ["modle", "model"],
  ["mdel", "model"],
  ["resett", "reset"],
  ["hlep", "help"],
  ["stat", "start"],
])("/%s is a near miss of /%s", (written, meant) =>
  expect(
    nearestWord(
      written,
      commandWords.map(({ name }) => name),
    ),
  ).toBe(meant),
);

test("the conversation's model comes before the person's, the channel's and the system's", () => {
  const all = { modelOverride: "a", preferredModel: "b", channelModel: "c" };
  expect(chooseModel(all, "d")).toEqual({ model: "a", reason: "conversation" });
  expect(chooseModel({ ...all, modelOverride: "" }, "d")).toEqual({ model: "b", reason: "user" });
  expect(chooseModel({ channelModel: "c" }, "d")).toEqual({ model: "c", reason: "channel" });
  expect(chooseModel({}, "d")).toEqual({ model: "d", reason: "system" });
});
