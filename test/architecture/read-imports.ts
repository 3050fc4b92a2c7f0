import { posix } from "node:path";
import { parseSync } from "oxc-parser";
import { nameOf, walk } from "./walk.ts";

/** One arrow: `from` is a file of ours, `to` a file of ours or what a package is called by. Types count as much as values. */
export type Import = { readonly from: string; readonly to: string };

export type SourceFacts = { readonly imports: readonly Import[]; readonly readsEnvironment: boolean };

/** @param path from the root of the repository, as in "src/main.ts" */
export function readImports(path: string, source: string): SourceFacts {
  const { program, module, errors } = parseSync(path, source);
  if (errors.length > 0) return { imports: [], readsEnvironment: false }; // The type check tells it better.

  const asked = new Set<string>();
  let readsEnvironment = false;
  for (const { moduleRequest } of module.staticImports) asked.add(moduleRequest.value);
  for (const { entries } of module.staticExports)
    for (const { moduleRequest } of entries) if (moduleRequest) asked.add(moduleRequest.value);
  for (const node of walk(program)) {
    if (node["type"] === "ImportExpression" || node["type"] === "TSImportType") asked.add(textOf(node["source"]));
    if (
      node["type"] === "MemberExpression" &&
      nameOf(node["object"]) === "process" &&
      nameOf(node["property"]) === "env"
    )
      readsEnvironment = true;
    if (node["type"] === "VariableDeclarator" && nameOf(node["init"]) === "process") readsEnvironment = true;
  }
  if (asked.has("node:process") || asked.has("process")) readsEnvironment = true;

  const imports = [...asked].filter(Boolean).map((to) => ({
    from: path,
    to: to.startsWith(".") ? posix.join(posix.dirname(path), to) : to,
  }));
  return { imports, readsEnvironment };
}

function textOf(node: unknown): string {
  const text = nameOf(node);
  return typeof text === "string" ? text : "";
}
