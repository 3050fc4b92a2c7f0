import { type Key, type Language, languages } from "./catalogues.ts";
import { say } from "./say.ts";

/** One sentence without placeholders in every language, for platforms whose menus show each person theirs. */
export function sayInAll(key: Key): Readonly<Record<Language, string>> {
  return Object.fromEntries(languages.map((language) => [language, say(language, key)])) as Record<Language, string>;
}
