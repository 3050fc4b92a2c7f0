/** A node of a syntax tree, of whatever kind. */
export type Node = Readonly<Record<string, unknown>>;

/** The nodes of a syntax tree, each before those in it. */
export function* walk(value: unknown): Iterable<Node> {
  if (Array.isArray(value)) for (const item of value) yield* walk(item);
  if (!isNode(value)) return;
  yield value;
  for (const child of Object.values(value)) if (typeof child === "object" && child) yield* walk(child);
}

/** What an identifier is called, or the value of a literal. */
export function nameOf(node: unknown): unknown {
  return isNode(node) ? (node["name"] ?? node["value"]) : undefined;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value;
}
