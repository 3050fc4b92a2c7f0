import type { Key } from "./catalogues.ts";
import { say, type Values } from "./say.ts";

/** A word of the program's own under the model's text, told apart from it. */
export function sayFooter(tag: string | undefined, key: Extract<Key, `footers.${string}`>, values?: Values): string {
  return `*(${say(tag, key, values)})*`;
}
