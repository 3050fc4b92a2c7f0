import { type Piece, splitMarkdown } from "../../text/split-markdown.ts";

/** What one message holds, in code points; more is refused with 50035. */
export const partCharsMax = 2_000;

/**
 * Cuts the Markdown of a reply into one piece a message, rarely one that is too long once it is written: parsing is what
 * costs, so the cuts are found by an estimate.
 */
export function splitReply(markdown: string): readonly Piece[] {
  return splitMarkdown(markdown, (text) => likelyChars(text) <= partCharsMax);
}

/** About how long a text is once written for Discord: some of it is escaped, tables are aligned. */
function likelyChars(markdown: string): number {
  const rows = markdown.split("\n").flatMap((line) => (line.includes("|") ? [line.split("|")] : []));
  const columns = Math.max(0, ...rows.map((cells) => cells.length));
  const widths = Array.from({ length: columns }, (_, at) => Math.max(...rows.map((cells) => (cells[at] ?? "").length)));
  const aligned = rows.length * widths.reduce((sum, width) => sum + width + 3, 0);
  const special = markdown.match(/[\\`*_~|<(\n]/g)?.length ?? 0;
  return Array.from(markdown).length + special / 4 + aligned;
}
