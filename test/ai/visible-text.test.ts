import fc from "fast-check";
import { expect, test } from "vitest";
import { visibleText } from "../../src/ai/visible-text.ts";

function show(...tokens: string[]): string {
  const visible = visibleText();
  return tokens.map((token) => visible.push(token)).join("") + visible.end();
}

/** UTF-16 units: characters come in halves. */
function letters(text: string): string[] {
  return text.split("");
}

test("thoughts at the start are not shown, however they are cut", () => {
  expect(show("<think>hm\n</think>\n\nYes.")).toBe("Yes.");
  expect(show(...letters("\n<think>a < b</thin </think>\n\n<think>more</think>Yes <think>x</think>"))).toBe(
    "Yes <think>x</think>",
  );
  expect(show("<thinking>", "hm", "</thinking>", "Yes")).toBe("Yes");
  expect(show("<think>never ends")).toBe("");
  expect(show("<think></think>")).toBe("");
});

test("text that only looks like a thought is shown", () => {
  expect(show("<", "b>bold</b>")).toBe("<b>bold</b>");
  expect(show("<thi")).toBe("<thi");
  expect(show("Use `<think>` so")).toBe("Use `<think>` so");
  expect(show("  indented")).toBe("  indented");
});

test("a character in two halves is shown whole, half a one and NUL never", () => {
  const visible = visibleText();
  expect(visible.push("a\uD83D")).toBe("a");
  expect(visible.push("\uDC4B!")).toBe("👋!");
  expect(visible.push("x\uD83D")).toBe("x");
  expect(visible.end()).toBe("\uFFFD");
  expect(show("a\0b")).toBe("ab");
});

test("any text comes out as it went in, and always well-formed", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary" })), (parts) => {
      const text = parts.join("");
      fc.pre(!text.includes("\0") && !/^\s*<th|^\s*$/.test(text));
      expect(show(...letters(text))).toBe(text);
      expect(show(...parts)).toBe(text);
    }),
  );
});
