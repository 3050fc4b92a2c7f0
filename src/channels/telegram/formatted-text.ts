import type { MessageEntity } from "grammy/types";

/** What an entity is, without where it is. */
export type Style =
  | { readonly type: "bold" | "italic" | "strikethrough" | "spoiler" | "blockquote" | "code" }
  | { readonly type: "pre"; readonly language?: string }
  | { readonly type: "text_link"; readonly url: string };

/** Offsets are UTF-16 units. */
type Range = { readonly style: Style; readonly start: number; readonly end: number };

/** Telegram ignores what is over. */
const entitiesMax = 100;

/**
 * A text that grows with its entities, which always nest as Telegram demands: none of one kind in another of its kind,
 * and nothing around or inside of code but a quote around it.
 */
export class FormattedText {
  #text = "";
  #ranges: Range[] = [];
  #open: Style[] = [];
  #indent = "";

  get length(): number {
    return this.#text.length;
  }

  since(start: number): string {
    return this.#text.slice(start);
  }

  put(text: string): void {
    this.#text += clean(text).replaceAll("\n", `\n${this.#indent}`);
  }

  newline(count: 1 | 2): void {
    this.#text += `${"\n".repeat(count)}${this.#indent}`;
  }

  /** Lines that `write` begins are indented, up to a depth that still leaves room for words. */
  indented(by: number, write: () => void): void {
    const before = this.#indent;
    if (before.length < indentMax) this.#indent += " ".repeat(by);
    write();
    this.#indent = before;
  }

  styled(style: Style, write: () => void): void {
    if (this.#open.some(({ type }) => type === style.type)) return write();
    const start = this.length;
    const inner = this.#ranges.length;
    this.#open.push(style);
    write();
    this.#open.pop();
    this.#ranges.push(...this.#around(style, start, inner));
  }

  /** Code, as it is. Inside of a link or a spoiler it stays plain, so that these stay whole. */
  verbatim(style: Style, text: string): void {
    const start = this.length;
    this.#text += clean(text);
    if (!this.#open.some(({ type }) => type === "text_link" || type === "spoiler"))
      this.#ranges.push({ style, start, end: this.length });
  }

  /** Forgets the entities that begin at `start` or after it. */
  unstyle(start: number): void {
    this.#ranges = this.#ranges.filter((range) => range.start < start);
  }

  /** Trims as Telegram would, which would else move the text under its entities. */
  finish(): { readonly text: string; readonly entities: readonly MessageEntity[] } {
    const text = this.#text.trimEnd();
    if (blank.test(text)) return { text: "", entities: [] };
    const blocks = this.#ranges.filter(({ style }) => style.type === "pre").map((range) => this.#trimmed(range, []));
    const kept = this.#ranges.map((range) => this.#trimmed(range, blocks)).filter(({ start, end }) => end > start);
    const cut = this.#skip(0, text.length, blocks);
    const entities = mostTelling(kept.toReversed()) // what was closed last lies around the rest
      .sort((a, b) => a.start - b.start || b.end - a.end)
      .map(({ style, start, end }) => ({ ...style, offset: start - cut, length: end - start }));
    return { text: text.slice(cut), entities };
  }

  /** The ranges of a style from `start` on, leaving out the code that was written there since. */
  #around(style: Style, start: number, inner: number): Range[] {
    const ranges: Range[] = [];
    let from = start;
    const isCode = ({ style }: Range) => style.type === "code" || style.type === "pre";
    for (const code of style.type === "blockquote" ? [] : this.#ranges.slice(inner).filter(isCode)) {
      ranges.push({ style, start: from, end: code.start });
      from = code.end;
    }
    ranges.push({ style, start: from, end: this.length });
    return ranges;
  }

  #trimmed({ style, start, end }: Range, blocks: readonly Range[]): Range {
    const text = this.#text.slice(start, end);
    if (text.trim() === "") return { style, start, end: start };
    const isBlock = style.type === "pre";
    const skip = isBlock ? (/^\s*\n/.exec(text)?.[0].length ?? 0) : this.#skip(start, end, blocks);
    return { style, start: start + skip, end: start + text.trimEnd().length };
  }

  /** How much leading whitespace to leave out: none of a block of code, whose first line may be indented. */
  #skip(start: number, end: number, blocks: readonly Range[]): number {
    const text = this.#text.slice(start, end);
    const block = blocks.find((one) => one.start >= start && one.end > one.start);
    return Math.min(text.length - text.trimStart().length, (block?.start ?? end) - start);
  }
}

const indentMax = 24;

/** Telegram takes a text of these alone for empty. */
const blank = /^[\s\p{Cf}\p{M}\u115F\u1160\u2800\u3164\uFFA0]*$/u;

/** Control characters would become spaces on the way, and half a surrogate pair would be refused. */
function clean(text: string): string {
  return text.toWellFormed().replaceAll("\t", "    ").replaceAll(control, " ");
}

// oxlint-disable-next-line no-control-regex -- they are what is to be found
const control = /[\u0000-\u0009\u000B-\u001F\u007F]/g;

function mostTelling(ranges: readonly Range[]): Range[] {
  if (ranges.length <= entitiesMax) return [...ranges];
  const weight = ({ style }: Range) => Number("url" in style || style.type === "pre" || style.type === "spoiler");
  return ranges.toSorted((a, b) => weight(b) - weight(a)).slice(0, entitiesMax);
}
