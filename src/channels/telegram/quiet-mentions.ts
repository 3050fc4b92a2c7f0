import type { Part } from "./write-reply.ts";

/**
 * A part that pings nobody: Telegram makes a mention of every `@name` in a text, and there is no way to forbid that but to
 * write another sign, which is as long.
 */
export function quietMentions(part: Part): Part {
  const code = part.entities.filter(({ type }) => type === "code" || type === "pre"); // there it makes none
  const isCode = (at: number) => code.some(({ offset, length }) => at >= offset && at < offset + length);
  return { ...part, text: part.text.replaceAll(mention, (sign, at: number) => (isCode(at) ? sign : "＠")) };
}

/** An address by mail is none. */
const mention = /(?<![\w.+-])@(?=\w)/g;
