import { type Language, languages } from "./catalogues.ts";

/**
 * The language in which a person is spoken to: the first of the BCP 47 tags that has a catalogue of its own ("pt-BR") or of a wider
 * tag ("zh-Hant-TW" → "zh"), else English.
 */
export function languageOf(...tags: readonly (string | undefined)[]): Language {
  for (const tag of tags) {
    const language = tag && nearest(tag.toLowerCase());
    if (language) return language;
  }
  return "en";
}

function nearest(tag: string): Language | undefined {
  const subtags = tag.split("-").slice(0, subtagsMax);
  for (let count = subtags.length; count > 0; count--) {
    const wider = subtags.slice(0, count).join("-");
    const language = languages.find((language) => language.toLowerCase() === wider);
    if (language) return language;
  }
  return undefined;
}

/** Tags come from outside; none of use is longer. */
const subtagsMax = 8;
