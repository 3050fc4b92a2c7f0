import { languageOf } from "../../conversation/domain/words/language-of.ts";

/** Browsers send a handful. */
const tagsMax = 20;

/** Of the languages that a browser's Accept-Language names, the one that it likes best and we speak. */
export function readLanguage(header = ""): string {
  const wanted = header.split(",", tagsMax).map((choice) => {
    const [tag = "", weight = ""] = choice.split(";");
    return { tag: tag.trim(), weight: Number(/^\s*q=([\d.]+)\s*$/.exec(weight)?.[1] ?? 1) };
  });
  const liked = wanted.filter(({ weight }) => weight > 0).toSorted((a, b) => b.weight - a.weight);
  return languageOf(...liked.map(({ tag }) => tag));
}
