import type { Attachment } from "../../conversation/domain/message.ts";

/** In UTF-16 units; Discord takes 1 to 100 characters. */
const titleCharsMax = 80;

/** What a thread is called: how its question begins, as plain words. */
export function titleThread(question: string, attachments: readonly Pick<Attachment, "name">[]): string {
  const words = question
    .replaceAll(/^\s*(?:```\S*|~~~\S*|#{1,6}\s|>\s?|[-*+]\s|\d+\.\s)/gm, "")
    .replaceAll(/[`*_~|]{1,3}/g, "")
    .replaceAll(/[\s\p{Cc}\p{Cf}]+/gu, " ")
    .trim();
  return shorten(words) || shorten(attachments[0]?.name ?? "") || "…";
}

/** At the end of a sentence that comes soon, else at a word's; where there are no words, in the middle. */
function shorten(words: string): string {
  const sentence = /^.{8,80}?[.?!。？！](?=\s|$|\P{ASCII})/u.exec(words)?.[0];
  if (sentence && sentence.length <= titleCharsMax) return sentence.replace(/[.。]$/, "");
  if (words.length <= titleCharsMax) return words;
  const cut = words.slice(0, titleCharsMax);
  const atWord = cut.slice(0, Math.max(cut.lastIndexOf(" "), 0));
  return `${(atWord.length > titleCharsMax / 2 ? atWord : cut.slice(0, -1)).toWellFormed()}…`;
}
