import { expect, test } from "vitest";
import { writeReply } from "../../src/channels/telegram/write-reply.ts";
import { messageFault } from "../doubles/telegram-entities.ts";
import { marked } from "./marked.ts";

const write = (text: string) => writeReply({ text, end: "complete" });

test.each([
  ["plain words", "Hello.\nWorld.", "Hello.\nWorld."],
  ["a heading", "# Title\n\nText", "<bold>Title</bold>\n\nText"],
  ["bold, italic, struck", "**b** *i* ~~s~~", "<bold>b</bold> <italic>i</italic> <strikethrough>s</strikethrough>"],
  ["nested emphasis", "**b *i* b**", "<bold>b <italic>i</italic> b</bold>"],
  ["code inside of bold", "**b `c` d**", "<bold>b</bold> <code>c</code> <bold>d</bold>"],
  ["code in a heading", "## The `id` field", "<bold>The</bold> <code>id</code> <bold>field</bold>"],
  ["a code block", "```js\nlet a;\n```", "<pre=js>let a;</pre>"],
  ["a code block that begins indented", "```\n  a\nb\n```", "<pre>  a\nb</pre>"],
  ["a code block without a language Telegram could know", "```what is this\nx\n```", "<pre=what>x</pre>"],
  ["bullets, nested", "- a\n- b\n  - c", "• a\n• b\n  • c"],
  ["numbers, from where they start", "3. a\n3. b", "3. a\n4. b"],
  ["tasks", "- [ ] a\n- [x] b", "☐ a\n☑ b"],
  ["a code block in a list", "- a\n  ```\n  x\n  ```", "• a\n  <pre>x</pre>"],
  ["a quote, with one inside", "> a\n> > **b**", "<blockquote>a\n<bold>b</bold></blockquote>"],
  ["a link", "[a **b**](https://x.org)", "<text_link=https://x.org>a <bold>b</bold></text_link>"],
  ["a link with code", "[`a`](https://x.org)", "<text_link=https://x.org>a</text_link>"],
  ["a link by reference", "[a][r]\n\n[r]: https://x.org", "<text_link=https://x.org>a</text_link>"],
  ["a bare link", "See https://x.org and www.x.org.", "See https://x.org and www.x.org."],
  ["a link Telegram does not take", "[a](./b.md)", "a (./b.md)"],
  ["an address", "<me@x.org>", "me@x.org"],
  ["an image", "![cat](https://x.org/c.png)", "<text_link=https://x.org/c.png>cat</text_link>"],
  ["HTML as it is", "<b>x</b> a<br>b", "<b>x</b> a\nb"],
  ["a rule", "a\n\n---\n\nb", "a\n\n———\n\nb"],
  [
    "a table",
    "| n | text |\n|--:|---|\n| 1 | 日本 |\n| 10 | `b` |",
    "<pre> n │ text\n───┼─────\n 1 │ 日本\n10 │ b</pre>",
  ],
  [
    "a table that is too wide for a phone",
    "| a | b | c |\n|--|--|--|\n| one | **two** is quite a long text | three is too |\n| 1 | 2 | |",
    "• <bold>one</bold>\n  • b: <bold>two</bold> is quite a long text\n  • c: three is too\n• <bold>1</bold>\n  • b: 2",
  ],
  ["a spoiler, with code in it covered too", "it was ||the `butler`||", "it was <spoiler>the butler</spoiler>"],
  ["bars that cover nothing", "a || b || c", "a || b || c"],
  ["mathematics as text", String.raw`$x^2 \le \frac{a}{b}$ and \(\alpha_1\)`, "x² ≤ a/b and α₁"],
  ["mathematics on lines of its own", "$$\na\n- b\n$$", "a − b"],
  ["mathematics that no line can say", String.raw`$\unknown$`, String.raw`<code>\unknown</code>`],
  ["prices, as they are", "$5 and $10, between $1 and 2$", "$5 and $10, between $1 and 2$"],
  ["a link that acts in the app", "[x](tg://user?id=1)", "x (tg://user?id=1)"],
  ["a footnote", "a[^1]\n\n[^1]: Note", "a[1]\n\n[1] Note"],
  ["emoji before formatting, in UTF-16 units", "👍👍 **b**", "👍👍 <bold>b</bold>"],
  ["control characters", "a\u0001b\tc", "a b    c"],
  ["Windows line ends", "a\r\n\r\nb", "a\n\nb"],
])("shows %s", (_, markdown, expected) => {
  expect(write(markdown).map(marked)).toEqual([expected]);
});

test.each([[""], ["  \n"], ["\u200b"], ["[a]: https://x.org"], ["```\n```"]])("shows nothing of %j", (markdown) => {
  expect(write(markdown)).toEqual([]);
});

test("what is half written in a draft is shown as it will be", () => {
  const draft = (text: string) => writeReply({ text }).map(marked);
  expect(draft("This is **bo")).toEqual(["This is <bold>bo</bold>"]);
  expect(draft("See [the page](https://x.o")).toEqual(["See the page"]);
  expect(draft("Look: ![cat](https://x.o")).toEqual(["Look:"]);
  expect(draft("```js\nlet a")).toEqual(["<pre=js>let a</pre>"]);
});

test("the program's own word stands below the model's", () => {
  expect(writeReply({ text: "Half an", footer: "*Stopped.*", end: "stopped" }).map(marked)).toEqual([
    "Half an\n\n<italic>Stopped.</italic>",
  ]);
});

test("a long answer with code comes in parts, each with the code of its language", () => {
  const code = Array.from({ length: 500 }, (_, line) => `const line${line} = ${line};`).join("\n");
  const parts = write(`Here it is:\n\n\`\`\`ts\n${code}\n\`\`\`\n\nDone.`);
  expect(parts.length).toBeGreaterThan(2);
  for (const { text, entities } of parts) {
    expect(text.length).toBeLessThanOrEqual(4096);
    expect(entities).toEqual([expect.objectContaining({ type: "pre", language: "ts" })]);
    expect(text).not.toContain("```");
  }
});

test("a table whose columns would not fit in one message is cut", () => {
  const rows = Array.from(
    { length: 100 },
    (_, row) => `|${row}|${row % 10 ? "x" : "y".repeat(40)}|${"z".repeat(row % 40)}|`,
  );
  const parts = write(`|a|b|c|\n|-|-|-|\n${rows.join("\n")}`);
  expect(parts.length).toBeGreaterThan(1);
  for (const { text, entities } of parts) expect(messageFault(text, entities)).toBeUndefined();
});

test("a reply of 4,000 tokens holds nobody up", () => {
  const paragraph = "A sentence with **bold**, `code` and a [link](https://x.org). ".repeat(8);
  const text = Array.from({ length: 40 }, () => `${paragraph}\n\n- item\n- item\n`).join("\n");
  const startedAt = performance.now();
  write(text);
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});
