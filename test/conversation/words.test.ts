import { expect, test } from "vitest";
import { languageOf } from "../../src/conversation/domain/words/language-of.ts";
import { sayDuration } from "../../src/conversation/domain/words/say-duration.ts";
import { say } from "../../src/conversation/domain/words/say.ts";

test.each([
  [["de"], "de"],
  [["de-AT"], "de"],
  [["ES-419"], "es"],
  [["zh-Hant-TW"], "zh"],
  [["pt-BR"], "en"],
  [["pt-BR", "fr-CA", "de"], "fr"],
  [["tlh", undefined, "ja"], "ja"],
  [[undefined], "en"],
  [["", "*", "de_DE", "constructor", "-", `${"x-".repeat(10_000)}x`], "en"],
])("whoever reads %j is spoken to in %s", (tags, language) => expect(languageOf(...tags)).toBe(language));

test.each([
  ["en", "I read up to 32,000 characters"],
  ["de-CH", "Ich lese bis zu 32.000 Zeichen"],
  ["ja", "読めるのは 32,000 文字まで"],
  ["pt", "I read up to 32,000 characters"],
  [undefined, "I read up to 32,000 characters"],
])("in %s numbers are written as there", (tag, sentence) =>
  expect(say(tag, "refusals.longMessage", { count: 32_000 })).toContain(sentence),
);

test("a value is put in as it is, also when it looks like a placeholder or a pattern", () => {
  const values = { written: "$& {meant}", meant: "model" };
  expect(say("en", "answers.nearMiss", values)).toContain("no command /$& {meant}. Did you mean /model?");
  expect(say("en", "reset.done")).toBe("Conversation reset! Starting fresh.");
});

test.each([
  ["en", 0, "1 second"],
  ["en", 4_001, "5 seconds"],
  ["de", 1_000, "1 Sekunde"],
  ["fr", 12_000, "12 secondes"],
  ["ja", 12_000, "12 秒"],
])("in %s %i ms are %s", (tag, durationMs, written) =>
  expect(sayDuration(tag, durationMs).replaceAll(/\s/g, " ")).toBe(written),
);
