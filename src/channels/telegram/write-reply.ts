import type { MessageEntity } from "grammy/types";
import { LRUCache } from "lru-cache";
import { replyMarkdown, type Reply, type ReplyFile } from "../../conversation/domain/reply.ts";
import { fenceMaths } from "../../text/fence-maths.ts";
import { parseDraft, parseMarkdown } from "../../text/parse-markdown.ts";
import { partsMax, wholeAsFile } from "../../conversation/domain/whole-as-file.ts";
import { formatMarkdown } from "./format-markdown.ts";
import { partCharsMax, splitReply } from "./split-reply.ts";

/** One message of a reply: a text and its formatting, as Telegram takes it. */
export type Part = {
  readonly text: string;
  readonly entities: readonly MessageEntity[];
  /** Shown above the text, which is then its caption. */
  readonly file?: ReplyFile;
  /** Under it, in rows. */
  readonly buttons?: NonNullable<Reply["buttons"]>;
  readonly askerId?: string;
};

const captionCharsMax = 1024;

/**
 * Writes a reply as messages: each 1 to 4096 UTF-16 units long, none blank, formatted by offsets (which cannot
 * fail to parse) rather than marks. While a reply grows, its earlier parts stay as they are; it is shown as far as a few
 * parts go, and in the end as the first of them with a file of the whole.
 *
 * @param language what the person reads, for what the program itself says
 */
export function writeReply(reply: Reply, language?: string): readonly Part[] {
  const parts = writeParts(reply);
  if (!reply.end) return withButtons(parts.length > partsMax ? cutDraft(parts) : parts, reply);
  const whole = parts.length > partsMax ? [...parts.slice(0, partsMax - 1), writeWhole(reply, language)] : parts;
  return withButtons(withFile(whole, reply.file), reply);
}

function writeParts(reply: Reply): readonly Part[] {
  const pieces = splitReply(fenceMaths(replyMarkdown(reply).replaceAll(/\r\n?/g, "\n")));
  return pieces
    .map(({ text }, index) => (reply.end || index < pieces.length - 1 ? finishedPart(text) : draftPart(text)))
    .filter(({ text }) => text !== "");
}

function cutDraft(parts: readonly Part[]): readonly Part[] {
  const more = (part: Part) => ({ ...part, text: `${part.text}\n…` });
  return parts
    .slice(0, partsMax)
    .map((part, index) => (index === partsMax - 1 && part.text.length + 2 <= partCharsMax ? more(part) : part));
}

function writeWhole(reply: Reply, language: string | undefined): Part {
  const { caption, file } = wholeAsFile(reply, language);
  const part = formatMarkdown(parseMarkdown(caption));
  return part.text.length <= captionCharsMax ? { ...part, file } : { text: file.name, entities: [], file };
}

/** With the last text as its caption, where that may be one. */
function withFile(parts: readonly Part[], file: ReplyFile | undefined): readonly Part[] {
  if (!file) return parts;
  const last = parts.at(-1);
  if (!last || last.file || last.text.length > captionCharsMax)
    return [...parts, { text: file.name, entities: [], file }];
  return [...parts.slice(0, -1), { ...last, file }];
}

/** A keyboard hangs on one message: the last. */
function withButtons(parts: readonly Part[], { buttons, askerId }: Reply): readonly Part[] {
  const last = parts.at(-1);
  if (!last || !buttons) return parts;
  return [...parts.slice(0, -1), { ...last, buttons, ...(askerId !== undefined && { askerId }) }];
}

/** The pieces of a growing reply but the last come again and again. */
function finishedPart(markdown: string): Part {
  const known = finished.get(markdown);
  if (known) return known;
  const part = bounded(formatMarkdown(parseMarkdown(markdown)), markdown);
  finished.set(markdown, part);
  return part;
}

const finished = new LRUCache<string, Part>({ max: 200 });

function draftPart(markdown: string): Part {
  const part = formatMarkdown(parseDraft(markdown));
  return part.text.length <= partCharsMax ? part : finishedPart(markdown);
}

/** In the rare case that formatting made it too long, the Markdown itself is shown. */
function bounded(part: Part, markdown: string): Part {
  return part.text.length <= partCharsMax ? part : { text: markdown.trim(), entities: [] };
}
