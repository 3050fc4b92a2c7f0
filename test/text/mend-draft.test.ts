import * as fc from "fast-check";
import type { Nodes } from "mdast";
import { expect, test } from "vitest";
import { writeReply as writeForDiscord } from "../../src/channels/discord/write-reply.ts";
import { writeReply as writeForTelegram } from "../../src/channels/telegram/write-reply.ts";
import { parseMarkdown } from "../../src/text/parse-markdown.ts";
import { cleanDocument } from "./clean-document.ts";
import { documents, documentsWithinMs } from "./documents.ts";

const telegram = (text: string) =>
  writeForTelegram({ text })
    .map((part) => part.text)
    .join("\n");
const discord = (text: string) =>
  writeForDiscord({ text })
    .map((part) => part.content)
    .join("\n");

/** What a person reads of Discord's Markdown. */
function read(node: Nodes): string {
  if ("children" in node) return node.children.map(read).join("");
  return "value" in node ? node.value : "";
}

test.each([
  ["emphasis that is open", "this is **bol", "this is bol"],
  ["a mark of emphasis alone", "this is **", "this is"],
  ["a spoiler that is open, covered", "it was ||the but", "it was the but"],
  ["a link's text", "see [the pa", "see the pa"],
  ["a link's address", "see [the page](htt", "see the page"],
  ["a picture", "look ![a c", "look"],
  ["a footnote's number", "so[^1", "so"],
  ["a task's box", "- [x] a\n- [", "☑ a"],
  ["an item's mark", "Text\n-", "Text"],
  ["a table's first line", "| a | b", "a │ b\n──┼──"],
  ["a table's rule", "| a | b |\n|--", "a │ b\n──┼──"],
  ["a table's row", "| a | b |\n|--|--|\n| 1", "a │ b\n──┼──\n1 │"],
  ["code's fence", "Look:\n\n```j", "Look:"],
  ["the end of code's fence", "```js\nlet a\n``", "let a"],
  ["code in a line", "the `na", "the na"],
  ["a formula", String.raw`so \(x^`, "so"],
  ["a formula between dollars", "so $x^", "so"],
  ["a formula on lines of its own", "so\n\n$$\nx =", "so"],
  ["a price", "it costs $5", "it costs $5"],
])("of %s what is seen is what it will be", (_, draft, shown) => {
  expect(telegram(draft)).toBe(shown);
});

test("of clean Markdown no mark is ever seen, wherever it is cut", { timeout: documentsWithinMs }, () => {
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 });
  fc.assert(
    fc.property(cleanDocument, cuts, (markdown, shares) => {
      for (const share of shares) {
        const draft = markdown.slice(0, Math.round(share * markdown.length));
        const seen = [telegram(draft), read(parseMarkdown(discord(draft)))];
        expect([draft, seen.filter((text) => /[*_~`|$[\]\\]/.test(text))]).toEqual([draft, []]);
      }
    }),
    { numRuns: documents(150) },
  );
});
