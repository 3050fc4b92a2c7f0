import type { Code, List, ListItem, PhrasingContent, Root, RootContent } from "mdast";
import { alignTable } from "../../text/align-table.ts";
import { mathsToText } from "../../text/maths-to-text.ts";
import { tableAsList } from "../../text/table-as-list.ts";

/** Writes Markdown in Discord's dialect. What Discord cannot show is shown another way: tables as aligned text, pictures as links, HTML as text. */
export function formatMarkdown({ children }: Root): string {
  const definitions = children.flatMap((node) =>
    node.type === "definition" ? [[node.identifier, node.url] as const] : [],
  );
  return writeBlocks(children, new Map(definitions)).trim();
}

/** Where the labels of `[text][label]` lead. */
type Targets = ReadonlyMap<string, string>;

function writeBlocks(nodes: readonly RootContent[], targets: Targets): string {
  return nodes
    .map((node) => writeBlock(node, targets))
    .filter((block) => block !== "")
    .join("\n\n");
}

function writeBlock(node: RootContent, targets: Targets): string {
  switch (node.type) {
    case "heading":
      return writeHeading(writeInline(node.children, targets).replaceAll("\n", " "), node.depth);
    case "paragraph":
      return escapeLineStarts(writeInline(node.children, targets));
    case "blockquote":
      return writeQuote(node.children, targets);
    case "list":
      return writeList(node, targets);
    case "code":
      return writeCode(node);
    case "table": {
      const aligned = alignTable(node);
      return aligned === undefined ? writeList(tableAsList(node), targets) : codeBlock(aligned, "");
    }
    case "thematicBreak":
      return "─".repeat(12);
    case "html":
      return escapeLineStarts(escape(htmlText(node.value)));
    case "definition":
      return "";
    case "footnoteDefinition":
      return `[${escape(node.label ?? node.identifier)}] ${writeBlocks(node.children, targets)}`;
    // Only ever inside of the blocks above; the parser makes no YAML.
    case "listItem":
    case "tableRow":
    case "tableCell":
    case "yaml":
      return "";
    case "text":
    case "strong":
    case "emphasis":
    case "delete":
    case "spoiler":
    case "inlineCode":
    case "inlineMath":
    case "break":
    case "link":
    case "linkReference":
    case "image":
    case "imageReference":
    case "footnoteReference":
    default:
      return escapeLineStarts(writePhrase(node, targets));
  }
}

/** Discord knows three sizes of headings; the smaller ones become bold lines. */
function writeHeading(text: string, depth: number): string {
  if (text === "") return "";
  return depth <= 3 ? `${"#".repeat(depth)} ${text}` : `**${text.replaceAll("**", "")}**`;
}

/** A quote in a quote is one quote: Discord does not nest them. */
function writeQuote(nodes: readonly RootContent[], targets: Targets): string {
  const flat = nodes.flatMap((node): readonly RootContent[] => (node.type === "blockquote" ? node.children : [node]));
  const quoted = writeBlocks(flat, targets);
  return quoted && quoted.replaceAll(/^(?!> )/gm, "> ");
}

function writeList(list: List, targets: Targets): string {
  const first = list.start ?? 1;
  return list.children
    .map((item, index) => writeItem(item, list.ordered ? `${first + index}. ` : "- ", targets))
    .join("\n");
}

function writeItem({ checked, children }: ListItem, marker: string, targets: Targets): string {
  const box = checked ? "☑ " : "☐ ";
  const blocks = children.map((node) => writeBlock(node, targets)).filter((block) => block !== "");
  const body = indent(blocks.join("\n"), " ".repeat(marker.length));
  const start = `${marker}${checked === null || checked === undefined ? "" : box}`;
  return body.startsWith(fence) ? `${start}\n${body}` : start + body.trimStart();
}

/** Code blocks stay at the margin: in a list Discord would show the indentation as part of the code. */
function indent(text: string, by: string): string {
  let code = false;
  return text
    .split("\n")
    .map((line) => {
      const edge = line.startsWith(fence);
      if (edge) code = !code;
      return edge || code || line === "" ? line : by + line;
    })
    .join("\n");
}

const fence = "```";

function writeCode({ lang, value }: Code): string {
  const formula = lang === "math" ? mathsToText(value) : undefined;
  return formula === undefined ? codeBlock(value, lang ?? "") : escapeLineStarts(escape(formula));
}

/** Discord knows no longer fence, so one inside of the code is broken up by a space without width. */
function codeBlock(code: string, info: string): string {
  const language = /^[\w+.#-]+/.exec(info)?.[0] ?? "";
  return `${fence}${language}\n${code.replaceAll(fence, "`\u200b`\u200b`").trimEnd() || " "}\n${fence}`;
}

function plainText(node: { value?: string; alt?: string | null; children?: readonly object[] }): string {
  return node.value ?? node.alt ?? (node.children ?? []).map(plainText).join("");
}

function writeInline(nodes: readonly PhrasingContent[], targets: Targets): string {
  return nodes.map((node) => writePhrase(node, targets)).join("");
}

function writePhrase(node: PhrasingContent, targets: Targets): string {
  switch (node.type) {
    case "text":
      return escape(node.value);
    case "strong":
      return around("**", writeInline(node.children, targets));
    case "emphasis":
      return around("*", writeInline(node.children, targets));
    case "delete":
      return around("~~", writeInline(node.children, targets));
    case "spoiler":
      return around("||", writeInline(node.children, targets));
    case "inlineCode":
      return inlineCode(node.value);
    case "inlineMath": {
      const formula = mathsToText(node.value);
      return formula === undefined ? inlineCode(node.value) : escape(formula);
    }
    case "break":
      return "\n";
    case "html":
      return escape(htmlText(node.value));
    case "link":
      return writeLink(writeInline(withoutPictures(node.children), targets), plainText(node), node.url);
    case "linkReference":
      return writeLink(
        writeInline(withoutPictures(node.children), targets),
        plainText(node),
        targets.get(node.identifier) ?? "",
      );
    case "image":
      return writeLink(escape(node.alt || "picture"), node.alt ?? "", node.url);
    case "imageReference":
      return writeLink(escape(node.alt || "picture"), node.alt ?? "", targets.get(node.identifier) ?? "");
    case "footnoteReference":
    default:
      return `[${escape(node.label ?? node.identifier)}]`;
  }
}

/** A link in a link is none. */
function withoutPictures(nodes: readonly PhrasingContent[]): readonly PhrasingContent[] {
  return nodes.map((node) => (node.type === "image" ? { type: "text", value: node.alt || "picture" } : node));
}

function around(mark: string, text: string): string {
  return text.trim() === "" ? text : mark + text + mark;
}

/** Three backticks in a row would open a code block, wherever they stand. */
function inlineCode(value: string): string {
  const code = value.replaceAll("\n", " ").replaceAll(/`(?=`)/g, "`\u200b");
  if (!code.includes("`")) return `\`${code}\``;
  return `\`\` ${code} \`\``;
}

/**
 * A masked link, where Discord masks: not over a label that is an address itself, and to the web only. The program's own lists lead to
 * channels and roles, which Discord shows by their names; nobody is pinged by that.
 */
function writeLink(label: string, plainLabel: string, url: string): string {
  const [, kind, id] = /^(channel|role):(\d{1,20})$/.exec(url) ?? [];
  if (kind) return kind === "channel" ? `<#${id}>` : `<@&${id}>`;
  const target = url.replaceAll(/[\s()<>`\\]/g, (letter) =>
    encodeURIComponent(letter).replace("(", "%28").replace(")", "%29"),
  );
  if (target === "" || plainLabel === url || url === `mailto:${plainLabel}`) return isWeb.test(url) ? target : label;
  if (!isWeb.test(url)) return `${label} (${escape(url)})`;
  if (url === `http://${plainLabel}`) return target;
  if (plainLabel.trim() === "") return target;
  if (plainLabel.includes("://")) return `${label} (${target})`;
  return `[${label.replaceAll("[", "(").replaceAll("]", ")")}](${target})`;
}

const isWeb = /^https?:\/\//i;

function htmlText(html: string): string {
  return html.replaceAll(/<br\s*\/?>/gi, "\n");
}

/** What Discord would take for markup or a mention, as the characters they are. Words_like_this need no escaping. */
function escape(text: string): string {
  return text
    .replaceAll(/\\(?=[^\w\s]|$)/g, "\\\\")
    .replaceAll("`", "\\`")
    .replaceAll(/\*(?=\S|$)/g, "\\*")
    .replaceAll(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, "\\_")
    .replaceAll("~~", "\\~\\~")
    .replaceAll("||", "\\|\\|")
    .replaceAll(/<(?=[@#:]|\/[\w-]+:|a:|t:|id:|https?:)/g, "\\<")
    .replaceAll("](", "]\\(");
}

/** A sentence that begins like a heading, a quote or a list is none. */
function escapeLineStarts(text: string): string {
  return text
    .replaceAll(/^([ \t]*)(#{1,3}(?=\s)|-#?(?=\s)|\*(?=\s)|>{1,3}(?=\s))/gm, "$1\\$2")
    .replaceAll(/^([ \t]*\d+)\.(?=\s)/gm, "$1\\.");
}
