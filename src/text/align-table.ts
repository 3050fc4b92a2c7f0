import type { PhrasingContent, Table } from "mdast";
import { mathsToText } from "./maths-to-text.ts";

/**
 * Writes a table in columns, for a font in which all characters are equally wide.
 *
 * @returns undefined when it is too wide for a phone, which would break its lines
 */
export function alignTable({ align, children }: Table): string | undefined {
  const rows = children.map((row) => row.children.map((cell) => plain(cell.children).replaceAll(/\s+/g, " ").trim()));
  const columns = Math.max(...rows.map((row) => row.length)); // a row may have more than the first
  const widths = Array.from({ length: columns }, (_, at) => Math.max(...rows.map((row) => width(row[at] ?? ""))));
  if (widths.reduce((sum, one) => sum + one + 3, -3) > tableWidthMax) return undefined;
  const lines = rows.map((row) =>
    widths
      .map((size, column) => padded(row[column] ?? "", size, align?.[column] ?? "left"))
      .join(" │ ")
      .trimEnd(),
  );
  const rule = widths.map((size) => "─".repeat(size)).join("─┼─");
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}

/** In columns. */
const tableWidthMax = 40;

function padded(cell: string, size: number, align: "left" | "right" | "center"): string {
  const space = size - width(cell);
  const before = { left: 0, right: space, center: Math.floor(space / 2) }[align];
  return " ".repeat(before) + cell + " ".repeat(space - before);
}

/** In columns of a fixed-width font: East Asian characters and emoji take two. */
function width(text: string): number {
  let columns = 0;
  for (const { segment } of graphemes.segment(text)) columns += wide.test(segment) ? 2 : 1;
  return columns;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const wide =
  /\p{Emoji_Presentation}|\uFE0F|[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6]|[\u{20000}-\u{3FFFD}]/u;

/** Code blocks hold no other formatting: only the words are left, and where links lead. */
function plain(nodes: readonly PhrasingContent[]): string {
  return nodes.map(plainNode).join("");
}

function plainNode(node: PhrasingContent): string {
  switch (node.type) {
    case "text":
    case "inlineCode":
      return node.value;
    case "inlineMath":
      return mathsToText(node.value)?.replaceAll("\n", " ") ?? node.value;
    case "html":
      return /^<br\s*\/?>$/i.test(node.value) ? " " : node.value;
    case "break":
      return " ";
    case "image":
      return node.alt || node.url;
    case "imageReference":
      return node.alt ?? "";
    case "footnoteReference":
      return `[${node.identifier}]`;
    case "link": {
      const label = plain(node.children);
      return node.url.endsWith(label) ? label : `${label} (${node.url})`;
    }
    case "strong":
    case "emphasis":
    case "delete":
    case "spoiler":
    case "linkReference":
      return plain(node.children);
    default:
      return node satisfies never;
  }
}
