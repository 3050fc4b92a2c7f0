import type { Nodes, Table } from "mdast";
import { alignTable } from "../../src/text/align-table.ts";
import { fenceMaths } from "../../src/text/fence-maths.ts";
import { parseMarkdown } from "../../src/text/parse-markdown.ts";

/** All letters and digits that a person must see of a Markdown text, in order: without marks, spaces and signs. */
export function visibleLetters(markdown: string): string {
  return lettersOf(read(parseMarkdown(fenceMaths(markdown))));
}

/** Boxes of tasks are signs too; "x²" is "x2". */
export function lettersOf(text: string): string {
  return text.normalize("NFKC").replaceAll(/[☐☑]|[^\p{L}\p{N}\p{Extended_Pictographic}]/gu, "");
}

function read(node: Nodes): string {
  if (node.type === "list")
    return node.children.map((item, at) => (node.ordered ? `${(node.start ?? 1) + at} ` : "") + read(item)).join(" ");
  if (node.type === "link") return readAll(node.children) + shownTarget(node.url, readAll(node.children));
  if (node.type === "image") return node.alt || "";
  if (node.type === "footnoteReference") return node.label ?? node.identifier;
  if (node.type === "footnoteDefinition") return `${node.label} ${readAll(node.children)}`;
  if (node.type === "html") return node.value.replaceAll(/<br\s*\/?>/gi, " ");
  if (node.type === "table") return alignTable(node) === undefined ? readRows(node) : readCells(node);
  if ("children" in node) return readAll(node.children);
  return "value" in node ? node.value : "";
}

function readAll(nodes: readonly Nodes[]): string {
  return nodes.map(read).join("");
}

/** An address is seen where the label is none, and where it would lead elsewhere than the label says. */
function shownTarget(url: string, label: string): string {
  if (label === url || `http://${label}` === url || `mailto:${label}` === url) return "";
  if (label.trim() === "" || !/^https?:/.test(url)) return url;
  return label.includes("://") ? url : "";
}

/** In code no link can be, so its address is seen. */
function readCells({ children }: Table): string {
  const cell = (node: Nodes): string => {
    if (node.type === "link")
      return node.children.map(cell).join("") + (node.url.endsWith(readAll(node.children)) ? "" : node.url);
    if (node.type === "image") return node.alt || node.url;
    return "children" in node ? node.children.map(cell).join("") : read(node);
  };
  return children.map(cell).join(" ");
}

function readRows({ children: [head, ...rows] }: Table): string {
  const names = head?.children.map(read) ?? [];
  return rows
    .flatMap(({ children: [first, ...cells] }) => [
      first ? read(first) : "",
      ...cells.flatMap((cell, at) =>
        cell.children.length > 0 ? [cells.length > 1 ? (names[at + 1] ?? "") : "", read(cell)] : [],
      ),
    ])
    .join(" ");
}
