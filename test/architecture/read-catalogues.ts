import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { wordsFolder } from "./check-words.ts";

/** What is in each catalogue, by language. */
export function readCatalogues(root: string): ReadonlyMap<string, string> {
  const files = globSync(`${wordsFolder}*.json`, { cwd: root }).sort();
  return new Map(files.map((file) => [basename(file, ".json"), readFileSync(join(root, file), "utf8")]));
}
