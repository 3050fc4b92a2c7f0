import type { PhrasingContent, Table } from "mdast";

/** Writes a table in columns, for a font in which all characters are equally wide. */
export function alignTable({ align, children }: Table): string {
  const rows = children.map((row) => row.children.map((cell) => plain(cell.children).replaceAll(/\s+/g, " ").trim()));
  const widths =
    rows[0]?.map((_, column) => Math.min(columnMax, Math.max(...rows.map((row) => width(row[column] ?? ""))))) ?? [];
  const lines = rows.map((row) =>
    widths
      .map((size, column) => padded(row[column] ?? "", size, align?.[column] ?? "left"))
      .join(" │ ")
      .trimEnd(),
  );
  const rule = widths.map((size) => "─".repeat(size)).join("─┼─");
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}

/** A wider cell pushes the rest of its row aside rather than widening every row. */
const columnMax = 40;

function padded(cell: string, size: number, align: "left" | "right" | "center"): string {
  const space = Math.max(0, size - width(cell));
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
    case "linkReference":
      return plain(node.children);
    default:
      return node satisfies never;
  }
}
