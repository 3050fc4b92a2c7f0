import { expect, test } from "vitest";
import { type Part, writePlainReply, writeReply } from "../../src/channels/discord/write-reply.ts";

const contents = (parts: readonly Part[]) => parts.map(({ content }) => content);
const write = (text: string) => contents(writeReply({ text, end: "complete" }));
const draft = (text: string) => contents(writeReply({ text }));

const cases: readonly (readonly [name: string, markdown: string, shown: string])[] = [
  [
    "words stay as they are",
    "Hello, world! snake_case, 2 * 3 * 4, a - b",
    "Hello, world! snake_case, 2 * 3 * 4, a - b",
  ],
  ["bold, italic, struck and code", "**a** _b_ ~~c~~ `d`", "**a** *b* ~~c~~ `d`"],
  ["headings to the third size", "### Three", "### Three"],
  ["a smaller heading is a bold line", "##### Five **now**", "**Five now**"],
  ["a table is aligned text", "| a | bb |\n|--:|---|\n| 100 | 日本 |", "```\n  a │ bb\n────┼─────\n100 │ 日本\n```"],
  ["a picture is a link", "![a cat](https://e.org/c.png)", "[a cat](https://e.org/c.png)"],
  ["a link is masked", "[here](https://e.org/a_(b))", "[here](https://e.org/a_%28b%29)"],
  ["a bare address stays bare", "see https://e.org/a_b_c", "see https://e.org/a_b_c"],
  [
    "a link that pretends to be another shows both",
    "[https://bank.org](https://evil.org)",
    "https://bank.org (https://evil.org)",
  ],
  ["a link that leads nowhere on the web is not one", "[x](javascript:alert)", "x (javascript:alert)"],
  ["a link by reference", "[x][1]\n\n[1]: https://e.org", "[x](https://e.org)"],
  ["HTML is text", "<b>x</b> and <br>", "<b>x</b> and"],
  ["tasks have boxes", "- [ ] a\n- [x] b", "- ☐ a\n- ☑ b"],
  ["nested lists", "- a\n  - b\n    - c\n\n3. d\n4. e", "- a\n  - b\n    - c\n\n3. d\n4. e"],
  ["a code block in a list stays at the margin", "- a\n  ```js\n  x\n  ```", "- a\n```js\nx\n```"],
  ["a rule", "a\n\n---\n\nb", "a\n\n────────────\n\nb"],
  ["a quote in a quote", "> a\n>> b", "> a\n> \n> b"],
  ["a fence inside of code cannot end it", "````\n```\n````", "```\n`\u200b`\u200b`\n```"],
  ["stars that were meant as stars", String.raw`\*not italic\*`, String.raw`\*not italic\*`],
  ["what only looks like a mention", "<@123> <#1> <:e:1>", String.raw`\<@123> \<#1> \<:e:1>`],
  ["a sentence that begins like a list", String.raw`1\. of May`, String.raw`1\. of May`],
  ["underscores", "__init__.py", "**init**.py"],
  ["a spoiler", "it was ||the **butler**||", "it was ||the **butler**||"],
  ["bars that cover nothing", "a || b || c", String.raw`a \|\| b \|\| c`],
  ["mathematics as text", String.raw`$x^2 \le \frac{a}{b}$ and \(\alpha_1\)`, "x² ≤ a/b and α₁"],
  ["mathematics on lines of its own", "$$\na\n- b\n$$", "a − b"],
  [
    "mathematics that no line can say, as it was written",
    String.raw`\[\begin{pmatrix}1&2\end{pmatrix}\]`,
    String.raw`\`\begin{pmatrix}1&2\end{pmatrix}\``.replaceAll("\\`", "`"),
  ],
  ["prices are no mathematics", "$5 and $10, between $1 and 2$", "$5 and $10, between $1 and 2$"],
  [
    "a table that is too wide for a phone is a list of its rows",
    "| a | b | c |\n|--|--|--|\n| one | **two** is quite a long text | three is too |",
    "- **one**\n  - b: **two** is quite a long text\n  - c: three is too",
  ],
  ["backticks in code", "`` a`b ``", "`` a`b ``"],
  ["a footnote", "a[^1]\n\n[^1]: b", "a[1]\n\n[1] b"],
];
test.each(cases)("%s", (_, markdown, shown) => {
  expect(write(markdown)).toEqual([shown]);
});

test("a draft shows open markup as closed", () => {
  expect(draft("this is **bol")).toEqual(["this is **bol**"]);
  expect(draft("```js\nlet a")).toEqual(["```js\nlet a\n```"]);
});

test("nothing to see is no part", () => {
  expect(write("")).toEqual([]);
  expect(write(" \n\u200b\n")).toEqual([]);
  expect(write("[only]: https://e.org")).toEqual([]);
});

test("a long code block is closed at the cut and opened again", () => {
  const code = Array.from({ length: 300 }, (_, index) => `line ${index}`).join("\n");
  const parts = write(`Look:\n\n\`\`\`js\n${code}\n\`\`\`\n\nDone.`);
  expect(parts.length).toBeGreaterThan(1);
  for (const part of parts) expect(part.match(/```/g)?.length).toBe(2);
  expect(parts.at(1)).toMatch(/^```js\nline /);
});

test("emoji count once, as Discord counts them", () => {
  expect(write("😀".repeat(2_000))).toHaveLength(1);
  expect(write("😀".repeat(2_001))).toHaveLength(2);
});

test("plain text keeps the words and loses the formatting", () => {
  expect(contents(writePlainReply({ text: "**a**\n```js\nx\n```\n- b", end: "complete" }))).toEqual([
    "\\*\\*a\\*\\*\nx\n\\- b",
  ]);
});
test("the program's own lists show channels and roles by their names", () => {
  const text = "- only [#11](channel:11) [@5](role:5)\n- [x](channel:general)";
  expect(writeReply({ text, end: "complete" })[0]?.content).toBe("- only <#11> <@&5>\n- x (channel:general)");
});
