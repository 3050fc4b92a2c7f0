import { globSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";

/** The project's TypeScript by path from `root`, with "/" on every system. */
export function readSources(root: string): ReadonlyMap<string, string> {
  const paths = globSync(["src/**/*.{ts,tsx}", "test/**/*.ts", "bench/**/*.ts"], { cwd: root });
  return new Map(paths.sort().map((path) => [path.replaceAll(sep, "/"), readFileSync(join(root, path), "utf8")]));
}
