import { expect, test } from "vitest";
import { completeModels } from "../../src/ai/complete-models.ts";

const listed = ["gpt-5", "gpt-5-mini", "claude-sonnet-4-5", "claude-opus-4-1", "meta-llama/llama-3.3-70b-instruct"];

test.each([
  ["", listed],
  ["gpt", ["gpt-5", "gpt-5-mini"]],
  ["g5m", ["gpt-5-mini"]],
  ["sonnet", ["claude-sonnet-4-5"]],
  ["CLAUDE 4", ["claude-opus-4-1", "claude-sonnet-4-5"]],
  ["llama70", ["meta-llama/llama-3.3-70b-instruct"]],
])("“%s” may become %j", (typed, expected) => {
  const names = completeModels(typed, listed);
  expect(typed === "" ? names : names.toSorted()).toEqual(typed === "" ? expected : [...expected].toSorted());
});

test("the likeliest comes first, and a slip of the finger still finds something", () => {
  expect(completeModels("gpt-5", listed)[0]).toBe("gpt-5");
  expect(completeModels("calude", listed)[0]).toMatch(/^claude/);
});
