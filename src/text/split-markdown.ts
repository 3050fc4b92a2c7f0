import { type Fence, fenceAfter } from "./fence-after.ts";

/** One piece of a longer Markdown text. */
export type Piece = {
  /** The sources of all pieces, joined, are the whole text. */
  readonly source: string;
  /**
   * What to show: the source with a code fence that the cut left open closed at the end, and opened again (same info
   * string) at the start of the next piece. May be blank, where the source is.
   */
  readonly text: string;
};

/**
 * Cuts Markdown into pieces whose texts satisfy `fits`, which must hold for shorter texts if it holds for longer ones.
 * Greedy from the left, so while a text grows its earlier pieces stay as they are. Prefers to cut between
 * blocks, then paragraphs, lines, sentences, words, and last graphemes; never inside a surrogate pair. A single
 * character that does not fit is passed on as it is.
 */
export function splitMarkdown(markdown: string, fits: (text: string) => boolean): readonly Piece[] {
  const pieces: Piece[] = [];
  let start = 0;
  let fence: Fence | undefined;

  while (start < markdown.length) {
    const text = (end: number) => render(markdown.slice(start, end), { fence, first: start === 0 }).text;
    const reach = farthest(markdown, start, (end) => fits(text(end)));
    const cut = reach === markdown.length ? reach : bestCut(markdown, { start, reach, fence });
    const shown = render(markdown.slice(start, cut), { fence, first: start === 0 });
    const next = shown.fence ? cut : afterBlankLines(markdown, cut);

    pieces.push({ source: markdown.slice(start, next), text: shown.text });
    fence = shown.fence;
    start = next;
  }
  return pieces;
}

/** The largest end that fits, found by doubling and then halving; at least one code point after `start`. */
function farthest(markdown: string, start: number, fitsTo: (end: number) => boolean): number {
  let good = start;
  let bad = start + firstStep;
  for (; bad < markdown.length && fitsTo(bad); bad = start + 2 * (bad - start)) good = bad;
  if (bad >= markdown.length) {
    if (fitsTo(markdown.length)) return markdown.length;
    bad = markdown.length;
  }
  while (bad - good > 1) {
    const middle = (good + bad) >>> 1;
    if (fitsTo(middle)) good = middle;
    else bad = middle;
  }
  if (splitsPair(markdown, good)) good -= 1;
  return good > start ? good : start + (splitsPair(markdown, start + 1) ? 2 : 1);
}

const firstStep = 512;

type Window = { readonly start: number; readonly reach: number; readonly fence: Fence | undefined };

/** The best place to cut in (start, reach]. A better kind of place wins only if the piece stays reasonably full. */
function bestCut(markdown: string, window: Window): number {
  const { start, reach } = window;
  const cuts = lineCuts(markdown, window);
  const full = (share: number) => (cut: number) => cut - start >= (reach - start) * share;
  const between =
    cuts.blocks.findLast(full(1 / 2)) ?? cuts.paragraphs.findLast(full(1 / 2)) ?? cuts.lines.findLast(full(1 / 3));
  if (between !== undefined) return between;

  const chunk = markdown.slice(start, reach + 1);
  const ends = (pattern: RegExp) => [...chunk.matchAll(pattern)].map((match) => start + match.index + match[0].length);
  const plain = (cut: number) => cut <= reach && !looksLikeBlock.test(markdown.slice(cut, cut + 12));
  const within =
    ends(sentenceEnd)
      .filter(plain)
      .findLast(full(1 / 3)) ??
    ends(wordEnd)
      .filter(plain)
      .findLast(full(1 / 8));
  return within ?? graphemeCut(markdown, start, reach);
}

const sentenceEnd = /[.!?…]["')\]*_]*\s+|[。！？]/g;
const wordEnd = /\s+/g;
/** What would become a list, heading, quote, table or fence if it stood at the start of a message. */
const looksLikeBlock = /^(?:[-+*>#|=]|\d+[.)]\s|```|~~~)/;

/** Where lines end in the window, by how much ends with them. None directly after an opening fence or a heading. */
function lineCuts(markdown: string, { start, reach, fence }: Window) {
  const cuts = { blocks: [] as number[], paragraphs: [] as number[], lines: [] as number[] };
  let open = fence;
  let previous = "";

  for (let at = start; at < reach;) {
    const end = lineEnd(markdown, at);
    if (end > reach || end === markdown.length) break;
    const line = markdown.slice(at, end);
    const before = open;
    open = fenceAfter(line, open);
    const opened = open !== undefined && before === undefined;
    if (line.trim() !== "") previous = line;
    at = end;
    if (opened || (open === undefined && heading.test(previous))) continue;

    const next = markdown.slice(at, lineEnd(markdown, at));
    cuts.lines.push(at);
    if (open !== undefined || next.trim() === "") continue;
    const blank = line.trim() === "" || before !== undefined || heading.test(next);
    if (blank) cuts.paragraphs.push(at);
    if (blank && !/^\s/.test(next)) cuts.blocks.push(at);
  }
  return cuts;
}

const heading = /^ {0,3}#{1,6}\s/;

/** `reach`, or a little before it where that keeps a grapheme (a flag, a family, an accent) whole. */
function graphemeCut(markdown: string, start: number, reach: number): number {
  const from = Math.max(start, reach - graphemeCharsMax);
  const tail = markdown.slice(from, reach + graphemeCharsMax);
  const cut = from + (graphemes.segment(tail).containing(reach - from)?.index ?? 0);
  return cut > from && !splitsPair(markdown, cut) ? cut : reach;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const graphemeCharsMax = 64;

/** The source as it is to be shown on its own, and the fence that is open after it. */
function render(source: string, from: { fence: Fence | undefined; first: boolean }): { text: string; fence?: Fence } {
  const nested = from.first || from.fence ? 0 : (nestedItem.exec(source)?.[1]?.length ?? 0);
  let open = from.fence;
  let reopened = open !== undefined;
  let text = open ? `${open.marker}${open.info}\n` : "";
  /** What the text was without the open fence, as long as nothing stands in that. */
  let withoutEmpty: string | undefined = open ? "" : undefined;

  for (let at = 0; at < source.length;) {
    const line = source.slice(at, lineEnd(source, at));
    at += line.length;
    const before = open;
    open = fenceAfter(line, open);
    const closedEmpty = reopened && before && !open ? withoutEmpty : undefined;
    withoutEmpty = open && !before ? text : undefined;
    const outer = before ? Math.min(nested, before.prefix.length) : nested; // code keeps its own indentation
    text = closedEmpty ?? text + line.slice(reopened ? prefixLength(line, before) : indentOf(line, outer));
    reopened &&= open !== undefined;
  }
  if (!open) return { text };
  if (withoutEmpty !== undefined) return { text: withoutEmpty, fence: open };
  const code = text.replace(halfClosed, "");
  const close = (code.endsWith("\n") ? "" : "\n") + (reopened ? "" : open.prefix) + open.marker;
  return { text: code + close, fence: open };
}

/** The beginning of a closing fence: shown, it would make a text longer than the same text with the fence complete. */
const halfClosed = /(?<=\n)[ \t>]*(?:`{0,32}|~{0,32})$/;

/** A list item that was nested in what an earlier piece shows. At the start of a message four spaces would make it code. */
const nestedItem = /^( {2,})(?:[-*+]|\d{1,9}[.)])\s/;

/** How many of the line's first `most` characters are spaces. */
function indentOf(line: string, most: number): number {
  return Math.min(most, /^ */.exec(line)?.[0].length ?? 0);
}

/** How much of the line belongs to the lists and quotes around its code block. */
function prefixLength(line: string, fence: Fence | undefined): number {
  return Math.min(fence?.prefix.length ?? 0, /^[ \t>]*/.exec(line)?.[0].length ?? 0);
}

/** The index after the line's newline, or the end. */
function lineEnd(text: string, at: number): number {
  const newline = text.indexOf("\n", at);
  return newline === -1 ? text.length : newline + 1;
}

/** Blank lines at a cut belong to the piece before, which does not show them. */
function afterBlankLines(markdown: string, cut: number): number {
  if (cut > 0 && markdown[cut - 1] !== "\n") return cut;
  blankLines.lastIndex = cut;
  return cut + (blankLines.exec(markdown)?.[0].length ?? 0);
}

const blankLines = /(?:[^\S\n]*\n)*/y;

function splitsPair(text: string, at: number): boolean {
  return /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(text.slice(at - 1, at + 1));
}
