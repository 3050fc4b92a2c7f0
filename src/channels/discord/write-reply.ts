import { type Reply, type ReplyFile, replyMarkdown } from "../../conversation/domain/reply.ts";
import { fenceMaths } from "../../text/fence-maths.ts";
import { parseDraft, parseMarkdown } from "../../text/parse-markdown.ts";
import { splitMarkdown } from "../../text/split-markdown.ts";
import { partsMax, wholeAsFile } from "../../conversation/domain/whole-as-file.ts";
import { formatMarkdown } from "./format-markdown.ts";
import { partCharsMax, splitReply } from "./split-reply.ts";

/** One message of a reply. */
export type Part = {
  /** In Discord's dialect; never blank. */
  readonly content: string;
  readonly file?: ReplyFile;
};

/**
 * Writes a reply in parts of 1 to 2,000 code points. Code blocks are closed and opened again at a cut. While it grows it is shown as far
 * as a few parts go, and in the end as the first of them with a file of the whole.
 *
 * @param language what the person reads, for what the program itself says
 */
export function writeReply(reply: Reply, language?: string): readonly Part[] {
  const writeLast = reply.end ? writeWhole : (text: string) => formatMarkdown(parseDraft(text));
  return asParts({ reply, language }, (markdown) => writeContents(markdown, writeLast));
}

function writeWhole(markdown: string): string {
  return formatMarkdown(parseMarkdown(markdown));
}

/** The same words without any formatting, for when Discord refuses the formatted ones. */
export function writePlainReply(reply: Reply, language?: string): readonly Part[] {
  return asParts({ reply, language }, writePlainContents);
}

type Asked = { readonly reply: Reply; readonly language: string | undefined };

function asParts({ reply, language }: Asked, write: (markdown: string) => readonly string[]): readonly Part[] {
  const contents = write(fenceMaths(replyMarkdown(reply).toWellFormed()));
  const isLong = contents.length > partsMax;
  if (!reply.end) return (isLong ? cutDraft(contents) : contents).map((content) => ({ content }));
  const { caption, file } = wholeAsFile(reply, language);
  const head = contents.slice(0, isLong ? partsMax - 1 : partsMax).map((content) => ({ content }));
  return withFile(isLong ? [...head, { content: write(caption)[0] ?? "", file }] : head, reply.file);
}

function cutDraft(contents: readonly string[]): readonly string[] {
  const last = `${contents[partsMax - 1]}\n…`;
  return fits(last) ? [...contents.slice(0, partsMax - 1), last] : contents.slice(0, partsMax);
}

/** With the last message. */
function withFile(parts: readonly Part[], file: ReplyFile | undefined): readonly Part[] {
  if (!file) return parts;
  const last = parts.at(-1);
  return last && !last.file
    ? [...parts.slice(0, -1), { ...last, file }]
    : [...parts, { content: `\`${file.name}\``, file }];
}

/** @param writeLast writes what may still be growing */
function writeContents(markdown: string, writeLast: (text: string) => string): readonly string[] {
  if (markdown.length <= 2 * partCharsMax) {
    const whole = writeLast(markdown);
    if (fits(whole)) return isBlank(whole) ? [] : [whole];
  }
  const pieces = splitReply(markdown);
  return pieces
    .flatMap(({ text }, index) => {
      const write = index === pieces.length - 1 ? writeLast : writeWhole;
      const part = write(text);
      return fits(part) ? [part] : cutExactly(text, write);
    })
    .flatMap((part) => (fits(part) ? [part] : writePlainContents(part)))
    .filter((part) => !isBlank(part));
}

/** For a piece that the estimate found too short. */
function cutExactly(markdown: string, write: (text: string) => string): readonly string[] {
  return splitMarkdown(markdown, (text) => fits(write(text))).map(({ text }) => write(text));
}

function writePlainContents(markdown: string): readonly string[] {
  const words = markdown.replaceAll(/^[ \t]*(?:```|~~~).*$\n?/gm, "");
  return splitMarkdown(words, (text) => fits(escapeAll(text)))
    .map(({ text }) => escapeAll(text).trim())
    .filter((part) => !isBlank(part));
}

function fits(part: string): boolean {
  return part.length <= partCharsMax || (part.length <= 2 * partCharsMax && Array.from(part).length <= partCharsMax);
}

/** Discord refuses a message in which nothing can be seen. */
function isBlank(part: string): boolean {
  return /^[\s\p{Cf}\p{Cc}\u115f\u1160\u2800\u3164]*$/u.test(part);
}

function escapeAll(text: string): string {
  return text.replaceAll(/[\\*_~|`>#[\]<-]/g, "\\$&");
}
