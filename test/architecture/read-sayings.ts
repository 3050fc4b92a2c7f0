import { parseSync } from "oxc-parser";
import { type Node, nameOf, walk } from "./walk.ts";

/** What a file says in the words of the catalogues. */
export type Sayings = {
  /** Each text that may be a key; "apologies." for a template that begins so: some keys of that group. */
  readonly mentions: ReadonlySet<string>;
  /** Each call that says something, and the names of the values that it gives, where they can be told. */
  readonly calls: readonly { readonly mentions: ReadonlySet<string>; readonly values: readonly string[] | undefined }[];
};

/** Where each function of `domain/words` takes its key and its values. */
const functions: Readonly<Record<string, readonly [key: number, values: number]>> = {
  say: [1, 2],
  sayFooter: [1, 2],
  sayInAll: [0, 1],
};

/** @param path from the root of the repository */
export function readSayings(path: string, source: string): Sayings {
  const { program, errors } = parseSync(path, source);
  if (errors.length > 0) return { mentions: new Set(), calls: [] }; // The type check tells it better.

  const calls = [...walk(program)].flatMap((node) => {
    const places = node["type"] === "CallExpression" ? functions[String(nameOf(node["callee"]))] : undefined;
    const given = node["arguments"] as readonly unknown[];
    return places ? [{ mentions: mentionsIn(given[places[0]]), values: valuesOf(given[places[1]]) }] : [];
  });
  return { mentions: mentionsIn(program), calls };
}

function mentionsIn(tree: unknown): ReadonlySet<string> {
  const mentions = new Set<string>();
  for (const node of walk(tree)) {
    if (node["type"] === "Literal" && typeof node["value"] === "string") mentions.add(node["value"]);
    if (node["type"] === "TemplateElement") mentions.add((node["value"] as { readonly raw: string }).raw);
  }
  return mentions;
}

/** The names in an object that stands in the call itself; undefined when it does not, or takes in another one. */
function valuesOf(argument: unknown): readonly string[] | undefined {
  if (argument === undefined) return [];
  const { type, properties } = argument as { readonly type: string; readonly properties: readonly Node[] };
  if (type !== "ObjectExpression" || properties.some(({ type }) => type !== "Property")) return undefined;
  return properties.map(({ key }) => String(nameOf(key)));
}
