import * as fc from "fast-check";

/** Words as models write them, with what is special in Markdown, wide characters and emoji among them. */
const word = fc.oneof(
  { weight: 6, arbitrary: fc.stringMatching(/^[a-z]{1,9}[.,!?]?$/) },
  fc.constantFrom(
    "**bold**",
    "*it*",
    "***both***",
    "`code`",
    "~~gone~~",
    "[link](https://example.org/a?b=c)",
    "<b>html</b>",
  ),
  fc.constantFrom(
    "👍",
    "👨‍👩‍👧",
    "é",
    "日本語。",
    "**",
    "_",
    "`",
    "|",
    "[",
    "](",
    "\\*",
    "&amp;",
    "https://example.org",
    "1.",
    "-",
    "#",
    "<",
  ),
  fc.constantFrom(
    "||hidden||",
    "||",
    "$x^2$",
    "$",
    "$5",
    String.raw`\(a_1\)`,
    String.raw`\[`,
    "[![b](https://e.org/b.svg)](https://e.org)",
  ),
  fc.constantFrom(
    "![picture](https://example.org/p.png)",
    "**bold `code` *it***",
    "[**b** `c`](https://example.org)",
    "[^1]",
    "\u00a0",
    "\u200b",
  ),
);
const line = fc.array(word, { minLength: 1, maxLength: 14 }).map((words) => words.join(" "));
const lines = (prefix: (index: number) => string) =>
  fc
    .array(line, { minLength: 1, maxLength: 6 })
    .map((all) => all.map((text, index) => prefix(index) + text).join("\n"));

const block = fc.oneof(
  { weight: 4, arbitrary: line },
  lines(() => ""),
  fc.tuple(fc.integer({ min: 1, max: 6 }), line).map(([level, text]) => `${"#".repeat(level)} ${text}`),
  lines(() => "- "),
  lines((index) => `${"  ".repeat(index % 3)}- `),
  lines((index) => `${index + 9}. `),
  lines((index) => (index % 2 ? "- [x] " : "- [ ] ")),
  lines(() => "> "),
  lines((index) => `${">".repeat((index % 3) + 1)} `),
  fc
    .tuple(
      fc.constantFrom("", "js", "python", "c++"),
      lines(() => "  "),
    )
    .map(([info, code]) => `\`\`\`${info}\n${code}\n\`\`\``),
  lines(() => "").map((code) => `- item\n\n  \`\`\`ts\n  ${code.replaceAll("\n", "\n  ")}\n  \`\`\``),
  lines(() => "").map((code) => `~~~\n${code}`),
  fc.array(fc.tuple(word, word, word), { minLength: 1, maxLength: 6 }).map((rows) => {
    const text = rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
    return `| a | b | c |\n|:--|--:|:-:|\n${text}`;
  }),
  fc.constantFrom(
    "---",
    "***",
    "<div>\n<p>html</p>\n</div>",
    "[^1]: A note.",
    "\n\n\n",
    "    indented code",
    "Title\n=====",
    "$$\nx = y\n- 1\n$$",
    "$$",
    "\\[\nx\n\\]",
    "```",
    "**",
  ),
);

/** A Markdown document as a model might write it, or might break it. */
export const markdownDocument = fc.array(block, { maxLength: 10 }).map((blocks) => blocks.join("\n\n"));

/** One that takes several messages. */
export const longDocument = fc.array(markdownDocument, { minLength: 6, maxLength: 10 }).map((all) => all.join("\n\n"));

/** Anything that may come: documents, long ones, nonsense. */
export const anyMarkdown = fc.oneof(
  { weight: 20, arbitrary: markdownDocument },
  { weight: 2, arbitrary: longDocument },
  { weight: 5, arbitrary: fc.string({ unit: "binary", maxLength: 300 }) },
  {
    weight: 15,
    arbitrary: fc.string({ unit: fc.constantFrom(...Array.from("*_`~[]()!#>|-+.:\\<&;$^{} \n\ta1")), maxLength: 120 }),
  },
);
