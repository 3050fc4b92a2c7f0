import { catalogues, type Key } from "./catalogues.ts";
import { languageOf } from "./language-of.ts";

/** What stands for each `{name}` of a sentence: a text as it is, a number as the language writes it. */
export type Values = Readonly<Record<string, string | number>>;

/**
 * What the program itself says to a person, in their language, else in English. Markdown, as the catalogue has it.
 *
 * @param tag what the person reads, such as "pt-BR"; undefined: not known
 */
export function say(tag: string | undefined, key: Key, values: Values = {}): string {
  const language = languageOf(tag);
  return catalogues[language][key].replace(/\{(\w+)\}/g, (placeholder, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    return typeof value === "number" ? value.toLocaleString(language) : (value ?? placeholder);
  });
}
