import { parseMarkdown } from "../../text/parse-markdown.ts";
import { type Piece, splitMarkdown } from "../../text/split-markdown.ts";
import { formatMarkdown } from "./format-markdown.ts";

/** What one message holds after entities are parsed. In UTF-16 units, which is always safe. */
export const partCharsMax = 4096;

/** Cuts the Markdown of a reply into one piece a message. */
export function splitReply(markdown: string): readonly Piece[] {
  return splitMarkdown(markdown, fits);
}

/**
 * What is shown is rarely longer than its Markdown, so nothing is formatted only to be measured: except tables, whose
 * padding may grow a lot. The margin holds the rest, such as list numbers that gain a digit.
 */
function fits(markdown: string): boolean {
  if (markdown.length > sourceCharsMax) return false;
  return !tableRow.test(markdown) || formatMarkdown(parseMarkdown(markdown)).text.length <= partCharsMax;
}

const sourceCharsMax = partCharsMax - 96;
const tableRow = /^[ \t>]*(?:\|.*|[^|\n]*-\|.*)$/m;
