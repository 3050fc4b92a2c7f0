import * as fc from "fast-check";

const word = fc.stringMatching(/^[a-z]{2,8}$/);
const words = fc.array(word, { minLength: 1, maxLength: 3 }).map((all) => all.join(" "));
const around = (mark: string) => words.map((text) => `${mark}${text}${mark}`);

const phrase = fc.oneof(
  { weight: 4, arbitrary: words },
  around("**"),
  around("*"),
  around("***"),
  around("~~"),
  around("`"),
  around("||"),
  words.map((text) => `[${text}](https://example.org/${text.length})`),
  words.map((text) => `![${text}](https://example.org/p.png)`),
  words.map((text) => `**${text} \`code\` ${text}**`),
  fc.constantFrom("$x^2$", "$$a_1 + b$$", String.raw`\(a \le b\)`, String.raw`$\frac{a}{b}$`),
);
const line = fc.array(phrase, { minLength: 1, maxLength: 5 }).map((all) => all.join(" "));
const lines = (prefix: (index: number) => string) =>
  fc.array(line, { minLength: 1, maxLength: 4 }).map((all) => all.map((text, at) => prefix(at) + text).join("\n"));
const cell = fc.oneof(words, around("**"), around("`"));

const block = fc.oneof(
  { weight: 3, arbitrary: line },
  fc.tuple(fc.integer({ min: 1, max: 4 }), line).map(([level, text]) => `${"#".repeat(level)} ${text}`),
  lines(() => "- "),
  lines((at) => `${"  ".repeat(at % 2)}- `),
  lines((at) => `${at + 1}. `),
  lines((at) => (at % 2 ? "- [x] " : "- [ ] ")),
  lines(() => "> "),
  fc.tuple(fc.constantFrom("", "js"), words).map(([info, code]) => `\`\`\`${info}\n${code}\n${code}\n\`\`\``),
  fc
    .array(fc.tuple(cell, cell), { minLength: 1, maxLength: 3 })
    .map((rows) => ["| a | b |", "|---|:-:|", ...rows.map(([a, b]) => `| ${a} | ${b} |`)].join("\n")),
  fc.constantFrom("$$\nx = y\n+ z\n$$", "\\[\nx^2\n\\]", "---"),
);

/** Markdown in which every mark means something: none is to be seen, at no time. */
export const cleanDocument = fc.array(block, { minLength: 1, maxLength: 4 }).map((blocks) => blocks.join("\n\n"));
