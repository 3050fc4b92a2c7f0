import { expect } from "vitest";
import { type Fence, fenceAfter } from "../../src/text/fence-after.ts";
import type { Piece } from "../../src/text/split-markdown.ts";

/** Expects that the pieces hold the whole text and show all of it: every sign, and code with its indentation. */
export function expectWhole(pieces: readonly Piece[], markdown: string): void {
  expect(pieces.map(({ source }) => source).join("")).toBe(markdown);
  const shown = pieces.map(({ text }) => readLines(text));
  const whole = readLines(markdown);
  expect(shown.flatMap(({ code }) => code)).toEqual(whole.code);
  expect(shown.map(({ signs }) => signs).join("")).toBe(whole.signs);
}

/** The lines of fenced code as they are, and all signs that are neither space nor mark of a quote or a fence. */
function readLines(markdown: string): { readonly code: readonly string[]; readonly signs: string } {
  const code: string[] = [];
  let signs = "";
  let open: Fence | undefined;
  for (const line of markdown.replace(growingFence, "").split("\n")) {
    const before = open;
    open = fenceAfter(line, open);
    if ((before === undefined) !== (open === undefined)) continue;
    if (before) code.push(line.slice(Math.min(before.prefix.length, /^[ \t>]*/.exec(line)?.[0].length ?? 0)));
    else signs += line.replaceAll(/[\s>]/g, "");
  }
  return { code: code.filter((line) => line.trim() !== ""), signs };
}

/** At the very end it may become the end of the code, and is not shown. */
const growingFence = /(?<=\n)[ \t>]*(?:`+|~+)$/;
