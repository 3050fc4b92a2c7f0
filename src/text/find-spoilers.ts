import type { Parent, Parents, PhrasingContent, Root } from "mdast";

/** What is covered until it is touched: `||x||`. */
export interface Spoiler extends Parent {
  type: "spoiler";
  children: PhrasingContent[];
}

declare module "mdast" {
  interface PhrasingContentMap {
    spoiler: Spoiler;
  }
  interface RootContentMap {
    spoiler: Spoiler;
  }
}

/**
 * Puts what stands between two `||` into spoilers, in place. In a draft the last one may be open: it covers what follows.
 *
 * @param source what the tree was read from: an escaped `\|` is none
 */
export function findSpoilers(root: Root, source: string, state: "draft" | "final"): Root {
  if (source.includes("||")) visit(root, source, state === "draft");
  return root;
}

function visit(node: Parents, source: string, isLast: boolean): void {
  if (isPhrasing(node)) node.children = covered(node.children, source, isLast);
  for (const [index, child] of node.children.entries())
    if ("children" in child) visit(child, source, isLast && index === node.children.length - 1);
}

type Phrasing = Extract<Parents, { children: PhrasingContent[] }>;

function isPhrasing(node: Parents): node is Phrasing {
  return phrasing.has(node.type);
}

const phrasing: ReadonlySet<string> = new Set(["paragraph", "heading", "strong", "emphasis", "delete", "link"]);

/** The nodes of a paragraph with its spoilers. */
function covered(nodes: readonly PhrasingContent[], source: string, mayBeOpen: boolean): PhrasingContent[] {
  const pieces = nodes.flatMap((node) => cut(node, source));
  const out: PhrasingContent[] = [];
  for (let at = 0; at < pieces.length; at += 1) {
    const piece = pieces[at];
    if (piece !== mark) {
      if (piece) out.push(piece);
      continue;
    }
    const length = pieces.slice(at + 1).indexOf(mark);
    const isOpen = length === -1;
    const inside = pieces.slice(at + 1, isOpen ? undefined : at + 1 + length).filter((one) => one !== mark);
    if ((isOpen && !mayBeOpen) || !isCovering(inside, isOpen)) {
      if (!(isOpen && mayBeOpen && inside.length === 0)) out.push({ type: "text", value: "||" });
      continue;
    }
    out.push({ type: "spoiler", children: isOpen ? withoutHalfMark(inside) : inside });
    at += inside.length + 1;
  }
  return out;
}

const mark = "||";

/** A text at its marks. */
function cut(node: PhrasingContent, source: string): readonly (PhrasingContent | typeof mark)[] {
  if (node.type !== "text" || !node.value.includes(mark)) return [node];
  const { start, end } = node.position ?? {};
  if (/\\\|/.test(source.slice(start?.offset, end?.offset))) return [node];
  const texts = node.value.split(mark).map((value): PhrasingContent => ({ type: "text", value }));
  return texts.flatMap((text, index) => {
    const isEmpty = text.type === "text" && text.value === "";
    return [...(index > 0 ? ([mark] as const) : []), ...(isEmpty ? [] : [text])];
  });
}

/** "a || b || c" is logic: a spoiler has no space at its marks. */
function isCovering(inside: readonly PhrasingContent[], isOpen: boolean): boolean {
  const [first, last] = [inside[0], inside.at(-1)];
  if (!first || !last) return false;
  const begins = first.type !== "text" || /^\S/.test(first.value);
  return begins && (isOpen || last.type !== "text" || /\S$/.test(last.value));
}

function withoutHalfMark(inside: readonly PhrasingContent[]): PhrasingContent[] {
  const last = inside.at(-1);
  if (last?.type !== "text") return [...inside];
  return [...inside.slice(0, -1), { ...last, value: last.value.replace(/\|$/, "") }];
}
