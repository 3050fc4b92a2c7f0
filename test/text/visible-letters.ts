import type { Nodes, Table } from "mdast";
import { alignTable } from "../../src/text/align-table.ts";
import { fenceMaths } from "../../src/text/fence-maths.ts";
import { parseMarkdown } from "../../src/text/parse-markdown.ts";

/**
 * All letters and digits that a person must see of a Markdown text, in order: without marks, spaces and signs.
 *
 * @param asks whether the platform itself asks before a link is opened that is called like another address
 */
export function visibleLetters(markdown: string, { asks }: Platform): string {
  return lettersOf(read(parseMarkdown(fenceMaths(markdown)), { asks }));
}

type Platform = { readonly asks: boolean };

/** Boxes of tasks are signs too; "x²" is "x2". */
export function lettersOf(text: string): string {
  return text.normalize("NFKC").replaceAll(/[☐☑]|[^\p{L}\p{N}\p{Extended_Pictographic}]/gu, "");
}

function read(node: Nodes, on: Platform): string {
  if (node.type === "list")
    return node.children
      .map((item, at) => (node.ordered ? `${(node.start ?? 1) + at} ` : "") + read(item, on))
      .join(" ");
  if (node.type === "link") return readAll(node.children, on) + shownTarget(node.url, readAll(node.children, on), on);
  if (node.type === "image") return node.alt || "";
  if (node.type === "footnoteReference") return node.label ?? node.identifier;
  if (node.type === "footnoteDefinition") return `${node.label} ${readAll(node.children, on)}`;
  if (node.type === "html") return node.value.replaceAll(/<br\s*\/?>/gi, " ");
  if (node.type === "table") return alignTable(node) === undefined ? readRows(node, on) : readCells(node, on);
  if ("children" in node) return readAll(node.children, on);
  return "value" in node ? node.value : "";
}

function readAll(nodes: readonly Nodes[], on: Platform): string {
  return nodes.map((node) => read(node, on)).join("");
}

/** An address is seen where the label is none, and where it would lead elsewhere than the label says. */
function shownTarget(url: string, label: string, { asks }: Platform): string {
  if (label === url || `http://${label}` === url || `mailto:${label}` === url) return "";
  if (label.trim() === "" || !/^https?:/.test(url)) return url;
  return label.includes("://") && !asks ? url : "";
}

/** In code no link can be, so its address is seen. */
function readCells({ children }: Table, on: Platform): string {
  const cell = (node: Nodes): string => {
    if (node.type === "link")
      return node.children.map(cell).join("") + (node.url.endsWith(readAll(node.children, on)) ? "" : node.url);
    if (node.type === "image") return node.alt || node.url;
    return "children" in node ? node.children.map(cell).join("") : read(node, on);
  };
  return children.map(cell).join(" ");
}

function readRows({ children: [head, ...rows] }: Table, on: Platform): string {
  const names = head?.children.map((cell) => read(cell, on)) ?? [];
  return rows
    .flatMap(({ children: [first, ...cells] }) => [
      first ? read(first, on) : "",
      ...cells.flatMap((cell, at) =>
        cell.children.length > 0 ? [cells.length > 1 ? (names[at + 1] ?? "") : "", read(cell, on)] : [],
      ),
    ])
    .join(" ");
}
