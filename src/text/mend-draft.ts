import remend, { type RemendOptions } from "remend";
import { type Fence, fenceAfter } from "./fence-after.ts";

/**
 * Completes Markdown that is still being written, so that no mark is seen that will be none: what is open at its end ("**bol",
 * "[link](htt") counts as closed there; of a formula, a table's first line or a task's box nothing is shown before it is one.
 */
export function mendDraft(markdown: string): string {
  const code = openCode(markdown);
  if (code) return code.isEmpty ? markdown.slice(0, code.at) : markdown.replace(halfFence, "");
  return remend(
    mendTable(unfinished.reduce((text, [end, mended]) => text.replace(end, mended), mendLine(markdown))),
    options,
  );
}

/** HTML is shown as it was written, and a formula that is not whole is not there any more. */
const options: RemendOptions = {
  katex: false,
  inlineKatex: false,
  htmlTags: false,
  linkMode: "text-only",
  setextHeadings: false,
};

/** What can stand at the end of everything and is not yet what it will be, one after the other; and what is shown of it. */
const unfinished: readonly (readonly [end: RegExp, mended: string])[] = [
  // an escape
  [/(?<!\\)\\$/, ""],
  // a picture
  [/!(?:\[[^\]\n]*(?:\](?:\([^)\s]*)?)?)?$/, ""],
  // the number of a footnote, and what may be the text of a link, or just in brackets
  [/\[(?:\^[^\]\s]*\]?)?$/, ""],
  [/(?<!\\)\[(?![ xX]\])([^[\]\n]+)\]$/, "$1"],
  // the mark of emphasis, code or a spoiler
  [/(?<!\S)[*_~|`]{1,3}[ \t]*$/, ""],
  [/(?<!\*)\*{3}([^\s*][^*\n]*)\*{1,2}$/, "***$1***"],
  // the box of a task; a line with nothing but the mark of an item, a heading or a rule
  [/(?<=(?:^|\n)[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]+)\[[ xX]?\]?[ \t]*$/, ""],
  [/(^|\n)[ \t>]*(?:[-*+=_]+|\d{1,9}[.)]|#{1,6})?[ \t>]*$/, "$1"],
];

/** The end of a block of code, or a part of it. */
const halfFence = /\n[ \t>]*(?:`{1,2}|~{1,2})$/;

/** The block of code that is open at the end: where it begins, and whether anything is in it. */
function openCode(markdown: string): { readonly at: number; readonly isEmpty: boolean } | undefined {
  let fence: Fence | undefined;
  let begin = 0;
  let at = 0;
  for (const line of markdown.split("\n")) {
    const before = fence;
    fence = fenceAfter(line, fence);
    if (fence && !before) begin = at;
    at += line.length + 1;
  }
  const inside = markdown.indexOf("\n", begin);
  return fence && { at: begin, isEmpty: inside === -1 || markdown.slice(inside).trim() === "" };
}

/** Without a formula that is open at the end, for a price is none; and with code in a line closed, before what is around it is. */
function mendLine(markdown: string): string {
  const paragraph = Math.max(markdown.lastIndexOf("\n\n"), 0);
  const text = markdown.slice(paragraph).replaceAll(/`[^`\n]+`/g, (code) => "`".repeat(code.length));
  const open = openAt(text);
  if (open !== -1) return markdown.slice(0, paragraph + open).trimEnd();
  return /(?<!`)`(?!`)[^`\n]+$/.test(text) ? `${markdown}\`` : markdown;
}

/** Where a formula begins that does not end. */
function openAt(text: string): number {
  const rest = text.replaceAll(formula, (whole) => " ".repeat(whole.length));
  return /\$\$|\\[([]|(?<![\w$])\$(?:$|(?=[^\s\d$])[^$\n]*$|(?=\d)[^$\n]*[\\^_{=][^$\n]*$)/.exec(rest)?.index ?? -1;
}

const formula = /\$\$[^$]+\$\$|(?<![\w$])\$[^\s$](?:[^$\n]*[^\s$])?\$(?!\w)|\\\([^]+?\\\)|\\\[[^]+?\\\]|\\\$/g;

/** A table's first line is one as soon as it is followed by a rule, which has as many columns. */
function mendTable(markdown: string): string {
  const [last = "", head = "", before = ""] = markdown.split("\n").slice(-3).toReversed();
  const isRow = (line: string) => /^[ \t>]*\|(?!\|).*\S/.test(line);
  if (isRow(last) && !isRow(head)) return `${markdown}\n${ruleUnder(last)}`;
  const isRule = isRow(head) && !isRow(before) && /^[ \t>]*(?:\|[\s|:-]*)?$/.test(last);
  return isRule ? `${markdown.slice(0, markdown.length - last.length)}${ruleUnder(head)}` : markdown;
}

function ruleUnder(head: string): string {
  const [prefix = ""] = /^[ \t>]*/.exec(head) ?? [];
  const cells = head
    .slice(prefix.length)
    .trim()
    .replaceAll(/^\||\|$/g, "")
    .split(/(?<!\\)\|/);
  return `${prefix}|${cells.map(() => "---|").join("")}`;
}
