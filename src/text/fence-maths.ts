import { type Fence, fenceAfter } from "./fence-after.ts";

/**
 * Turns mathematics that stands on lines of its own, between `$$` or `\[` and `\]`, into code blocks of the language "math": what
 * stands in them would else be read as lists and headings. As many lines as before.
 */
export function fenceMaths(markdown: string): string {
  if (!markdown.includes("$$") && !markdown.includes("\\[")) return markdown;
  const lines = markdown.split("\n");
  let fence: Fence | undefined;
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    const [, prefix = "", mark] = (!fence && openLine.exec(line)) || [];
    const end = mark === undefined ? -1 : closeOf(lines, at, mark);
    if (end === -1) {
      fence = fenceAfter(line, fence);
      continue;
    }
    lines[at] = `${prefix}\`\`\`math`;
    lines[end] = (lines[end] ?? "").replace(/\S+\s*$/, "```");
    at = end;
  }
  return lines.join("\n");
}

const openLine = /^([ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?)(\$\$|\\\[)[ \t]*$/;

/** @returns the index of the line that closes it; -1 when there is none, or it cannot be one block */
function closeOf(lines: readonly string[], from: number, mark: string): number {
  const close = mark === "$$" ? "$$" : "\\]";
  for (let at = from + 1; at < Math.min(lines.length, from + linesMax); at += 1) {
    const line = lines[at] ?? "";
    if (/`{3}|~{3}/.test(line)) return -1;
    if (line.replace(/^[ \t>]*/, "").trimEnd() === close) return at;
  }
  return -1;
}

const linesMax = 60;
