import type { MessageEntity } from "grammy/types";
import type { Code, Definition, Link, List, ListItem, Nodes, Root, RootContent } from "mdast";
import { alignTable } from "../../text/align-table.ts";
import { mathsToText } from "../../text/maths-to-text.ts";
import { tableAsList } from "../../text/table-as-list.ts";
import { FormattedText } from "./formatted-text.ts";

/**
 * Writes Markdown as a text with entities. What Telegram has no entity for is written in characters: headings are bold,
 * lists have bullets and numbers, tables are aligned in a code block, images are links, mathematics is Unicode, HTML is shown as it is.
 */
export function formatMarkdown(root: Root): { readonly text: string; readonly entities: readonly MessageEntity[] } {
  const definitions = root.children.filter((node) => node.type === "definition");
  const out: Writing = {
    text: new FormattedText(),
    definitions: new Map(definitions.map((one) => [one.identifier, one])),
  };
  writeBlocks(root.children, out);
  return out.text.finish();
}

type Writing = { readonly text: FormattedText; readonly definitions: ReadonlyMap<string, Definition> };

/** Blocks keep the distance they have in the source: a blank line, or none. */
function writeBlocks(blocks: readonly RootContent[], out: Writing): void {
  let previous: RootContent | undefined;
  for (const block of blocks) {
    if (block.type === "definition") continue;
    if (previous) out.text.newline(gap(previous, block));
    write(block, out);
    previous = block;
  }
}

function gap(previous: Nodes, next: Nodes): 1 | 2 {
  return (next.position?.start.line ?? 0) - (previous.position?.end.line ?? 0) > 1 ? 2 : 1;
}

function writeAll(nodes: readonly Nodes[], out: Writing): void {
  for (const node of nodes) write(node, out);
}

function write(node: Nodes, out: Writing): void {
  const { text } = out;
  switch (node.type) {
    case "text":
      return text.put(node.value);
    case "strong":
      return text.styled({ type: "bold" }, () => writeAll(node.children, out));
    case "emphasis":
      return text.styled({ type: "italic" }, () => writeAll(node.children, out));
    case "delete":
      return text.styled({ type: "strikethrough" }, () => writeAll(node.children, out));
    case "spoiler":
      return text.styled({ type: "spoiler" }, () => writeAll(node.children, out));
    case "inlineCode":
      return text.verbatim({ type: "code" }, node.value);
    case "inlineMath": {
      const formula = mathsToText(node.value);
      return formula === undefined ? text.verbatim({ type: "code" }, node.value) : text.put(formula);
    }
    case "break":
      return text.newline(1);
    case "link":
      return writeLink(node.url, node.children, out);
    case "linkReference":
      return writeLink(out.definitions.get(node.identifier)?.url ?? "", node.children, out);
    case "image":
      return writeImage(node.url, node.alt, out);
    case "imageReference":
      return writeImage(out.definitions.get(node.identifier)?.url ?? "", node.alt, out);
    case "html":
      return /^<br\s*\/?>$/i.test(node.value) ? text.newline(1) : text.put(node.value);
    case "footnoteReference":
      return text.put(`[${node.label ?? node.identifier}]`);

    case "paragraph":
      return writeAll(node.children, out);
    case "heading":
      return text.styled({ type: "bold" }, () => writeAll(node.children, out));
    case "code":
      return writeCode(node, out);
    case "blockquote":
      return text.styled({ type: "blockquote" }, () => writeBlocks(node.children, out));
    case "list":
      return writeList(node, out);
    case "table": {
      const aligned = alignTable(node);
      return aligned === undefined ? writeList(tableAsList(node), out) : text.verbatim({ type: "pre" }, aligned);
    }
    case "thematicBreak":
      return text.put("———");
    case "footnoteDefinition":
      text.put(`[${node.label ?? node.identifier}] `);
      return writeBlocks(node.children, out);

    case "root":
      return writeBlocks(node.children, out);
    case "listItem":
    case "tableRow":
    case "tableCell":
      return writeAll(node.children, out); // written by their list and table
    case "definition":
    case "yaml":
      return undefined;
    default:
      return node satisfies never;
  }
}

function writeLink(url: string, label: Link["children"], out: Writing): void {
  const { text } = out;
  const start = text.length;
  if (!linkable(url)) {
    writeAll(label, out);
    const shown = text.since(start);
    if (url !== "" && !url.endsWith(shown)) text.put(shown === "" ? url : ` (${url})`);
    return;
  }
  text.styled({ type: "text_link", url }, () => writeAll(label, out));
  if (text.length === start) text.put(url);
  else if (`http://${text.since(start)}` === url || text.since(start) === url) text.unstyle(start); // Telegram links it by itself
}

function writeImage(url: string, alt: string | null | undefined, out: Writing): void {
  writeLink(url, [{ type: "text", value: alt || url }], out);
}

/** What Telegram takes as the target of a link, and a person can judge: tg: links act in the app, and can ping. */
function linkable(url: string): boolean {
  return /^https?:\/\/[^\s]+$/i.test(url) && url.length <= urlCharsMax && URL.canParse(url);
}

const urlCharsMax = 2048;

function writeCode({ lang, value }: Code, { text }: Writing): void {
  const formula = lang === "math" ? mathsToText(value) : undefined;
  if (formula !== undefined) return text.put(formula);
  const language = lang && /^[\w+#.-]{1,32}$/.test(lang) ? lang : undefined;
  text.verbatim(language ? { type: "pre", language } : { type: "pre" }, value);
}

function writeList({ ordered, start, children }: List, out: Writing): void {
  for (const [index, item] of children.entries()) {
    const previous = children[index - 1];
    if (previous) out.text.newline(gap(previous, item));
    const bullet = ordered ? `${(start ?? 1) + index}. ` : "• ";
    writeItem(item, bullet, out);
  }
}

function writeItem({ checked, children }: ListItem, bullet: string, out: Writing): void {
  const box = checked ? "☑ " : "☐ ";
  out.text.put(typeof checked === "boolean" ? box : bullet);
  out.text.indented(bullet.length, () => writeBlocks(children, out));
}
