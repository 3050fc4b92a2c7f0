import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseMarkdown } from "../../src/text/parse-markdown.ts";
import { splitMarkdown } from "../../src/text/split-markdown.ts";
import { documentsWithinMs } from "./documents.ts";
import { markdownDocument } from "./markdown-document.ts";

const within = (charsMax: number) => (text: string) => text.length <= charsMax;
const texts = (markdown: string, charsMax: number) => splitMarkdown(markdown, within(charsMax)).map(({ text }) => text);
const anyText = fc.oneof(
  markdownDocument,
  fc.string({ unit: "grapheme", maxLength: 600 }),
  fc.string({ unit: "binary" }),
);

test("nothing is nothing, and what fits stays whole", () => {
  expect(splitMarkdown("", within(10))).toEqual([]);
  expect(splitMarkdown("Hello", within(10))).toEqual([{ source: "Hello", text: "Hello" }]);
});

test.each<[string, string, number, string[]]>([
  [
    "between blocks rather than lines",
    "One.\nTwo.\n\nThree.\nFour.\n\nFive.",
    21,
    ["One.\nTwo.\n\n", "Three.\nFour.\n\nFive."],
  ],
  ["between lines rather than sentences", "One. Two.\nThree. Four.", 16, ["One. Two.\n", "Three. Four."]],
  ["between sentences rather than words", "One two. Three four.", 16, ["One two. ", "Three four."]],
  ["between words", "one two three", 9, ["one two ", "three"]],
  ["inside a word when nothing else is left", "abcdefgh", 3, ["abc", "def", "gh"]],
  ["never inside a surrogate pair", "👍👍👍", 3, ["👍", "👍", "👍"]],
  ["not inside a family", "aaaa👨‍👩‍👧bb", 8, ["aaaa", "👨‍👩‍👧"]],
  [
    "not after a heading",
    "Some text here.\n\n# Title\n\nMore text.",
    28,
    ["Some text here.\n\n", "# Title\n\nMore text."],
  ],
  [
    "not where a word would turn into a list",
    "the price is 5 - 3 euros",
    16,
    ["the price is 5 ", "- 3 euros"].slice(0, 0),
  ],
])("cuts %s", (_, markdown, charsMax, expected) => {
  expect(texts(markdown, charsMax).slice(0, expected.length)).toEqual(expected);
});

test("a piece does not begin with what only there would be a list", () => {
  expect(texts("the price is 5 - 3 euros", 16)).toEqual(["the price is ", "5 - 3 euros"]);
});

test("a code block that is cut is closed and opened again in its language", () => {
  expect(texts("```js\nlet a;\nlet b;\n```\nEnd.", 20)).toEqual(["```js\nlet a;\n```", "```js\nlet b;\n```\n", "End."]);
});

test("a code block in a list is closed within its item", () => {
  expect(texts("- a\n  ```js\n  let b;\n  let c;\n  ```", 27)).toEqual([
    "- a\n  ```js\n  let b;\n  ```",
    "```js\nlet c;\n```",
  ]);
});

test("code below a list that goes on keeps its own indentation", () => {
  const [, second] = texts("- one one one one one\n  - two\n\n```\n  code\n```", 24);
  expect(second).toBe("- two\n\n```\n  code\n```");
});

test("a nested list goes on as a list, not as code", () => {
  const [, second] = texts("- one\n    - two\n    - three", 18);
  expect(second).toBe("- three");
});

test("the sources joined are the text, whatever it is", { timeout: documentsWithinMs }, () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 1, max: 200 }), (markdown, charsMax) => {
      const pieces = splitMarkdown(markdown, within(charsMax));
      expect(pieces.map(({ source }) => source).join("")).toBe(markdown);
      expect(pieces.every(({ source }) => source.length > 0)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test(
  "every piece fits, and none breaks a character that the text did not break",
  { timeout: documentsWithinMs },
  () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 120, max: 400 }), (markdown, charsMax) => {
        for (const { text, source } of splitMarkdown(markdown, within(charsMax))) {
          expect(text.length).toBeLessThanOrEqual(charsMax);
          if (markdown.isWellFormed()) expect(text.isWellFormed() && source.isWellFormed()).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  },
);

test("while a text grows, its earlier pieces stay as they are", { timeout: documentsWithinMs }, () => {
  fc.assert(
    fc.property(markdownDocument, fc.integer({ min: 1, max: 60 }), (markdown, step) => {
      let before: readonly string[] = [];
      for (let length = 0; length <= markdown.length; length += step) {
        const now = splitMarkdown(markdown.slice(0, length), within(150)).map(({ source }) => source);
        // The last of before was still growing, and the one ahead of it may yet gain the blank lines at its end.
        expect(now.slice(0, Math.max(0, before.length - 2))).toEqual(before.slice(0, -2));
        before = now;
      }
    }),
    { numRuns: 150 },
  );
});

test("code stays code: every line of it is in a code block of its language in some piece", () => {
  const code = Array.from({ length: 300 }, (_, line) => `const line${line} = ${line};`);
  const shown = texts(`Before.\n\n\`\`\`ts\n${code.join("\n")}\n\`\`\`\n\nAfter.`, 500)
    .flatMap((text) => parseMarkdown(text).children)
    .flatMap((block) => (block.type === "code" && block.lang === "ts" ? block.value.split("\n") : []));
  expect(shown).toEqual(code);
});

test("100 kB hold nobody up, in one paragraph or in one word", () => {
  for (const text of [
    "A sentence of words. ".repeat(5_000),
    "x".repeat(100_000),
    "- item\n".repeat(15_000),
    "\n".repeat(100_000),
  ]) {
    const before = process.cpuUsage();
    splitMarkdown(text, within(2_000));
    const { user, system } = process.cpuUsage(before); // others may keep the processor meanwhile
    expect((user + system) / 1_000).toBeLessThan(5_000);
  }
});
