import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkWords, wordsFolder } from "./check-words.ts";
import { readCatalogues } from "./read-catalogues.ts";
import { readSources } from "./read-sources.ts";

const root = join(import.meta.dirname, "..", "..");

test("every language says everything", () => {
  expect(checkWords(readCatalogues(root), readSources(root))).toEqual([]);
});

const english = {
  "commands.reset": "Start anew",
  "examples.1": "Why?",
  "reset.done": "Hello {name}, `/reset` is done",
  "reset.no": "No",
};
const german = {
  "commands.reset": "Neu anfangen",
  "examples.1": "Warum?",
  "reset.done": "Hallo {name}, `/reset` ist da",
  "reset.no": "Nein",
};
const source = 'say(language, "commands.reset"); say(language, `reset.${outcome}`); say(l, `examples.${n}`);';

function check(catalogues: Readonly<Record<string, object | string>>, said = source): string {
  const texts = Object.entries(catalogues).map(
    ([language, words]) => [language, typeof words === "string" ? words : JSON.stringify(words, null, 2)] as const,
  );
  const offered = 'import de from "./de.json"; import en from "./en.json";';
  const sources = new Map([
    [`${wordsFolder}catalogues.ts`, offered],
    ["src/a.ts", said],
  ]);
  return checkWords(new Map(texts), sources).join("\n");
}

describe("a translator is told", () => {
  const { "reset.no": _, ...unfinished } = german;
  test.each([
    ["what is missing, with the English sentence", unfinished, 'de.json → reset.no is missing. In English: "No"'],
    ["what is empty", { ...german, "reset.no": " " }, "reset.no is empty"],
    ["what English does not have", { ...german, "reset.yes": "Ja" }, "reset.yes is not in en.json"],
    ["which placeholder is lost", { ...german, "reset.done": "Hallo {nom}, `/reset`" }, "lacks name, has nom too many"],
    [
      "which command is lost",
      { ...german, "reset.done": "{name}: `/neustart`" },
      "lacks /reset, has /neustart too many",
    ],
    [
      "what is too long for a menu",
      { ...german, "commands.reset": "x".repeat(101) },
      "has 101 characters; a platform's menu takes 100",
    ],
    ["what is too long for a button", { ...german, "examples.1": "ä".repeat(21) }, "examples.1 has 42 bytes"],
    ["what stands there twice", '{\n"reset.no": "Nein",\n"reset.no": "Nein"\n}', "reset.no stands there twice"],
    [
      "what stands elsewhere",
      Object.fromEntries(Object.entries(german).toReversed()),
      "reset.no stands elsewhere than in en.json",
    ],
    ["that a comma is missing", '{ "reset.no": "Nein" "reset.done": "" }', "de.json → is no JSON"],
  ])("%s", (_, words, complaint) => expect(check({ en: english, de: words })).toContain(complaint));

  test("that a new language must be offered", () =>
    expect(check({ en: english, nl: german })).toContain("nl.json → is not offered: name it in catalogues.ts"));
});

describe("a programmer is told", () => {
  test.each([
    ["which sentence nobody says", 'say(language, "commands.reset");', "en.json → reset.done is said nowhere"],
    ["which value is missing", `${source} say(language, "reset.done");`, "src/a.ts → reset.done has other values"],
    ["which value has another name", `${source} say(language, "reset.done", { nom });`, "lacks name, has nom too many"],
    ["which value is too many", `${source} sayInAll("reset.no", { name });`, "has name too many"],
    ["what one of several lacks", 'say(l, is ? "reset.done" : "reset.no", {});', "reset.done has other values"],
  ])("%s", (_, said, complaint) => expect(check({ en: english, de: german }, said)).toContain(complaint));
});

test("what is right is not complained about, nor are values that only the running program knows", () => {
  const said =
    'say(l, "reset.done", { ...values }); say(l, "reset.no"); const argument = "commands.reset"; const n = "examples.1";';
  expect(check({ en: english, de: german }, said)).toBe("");
});
