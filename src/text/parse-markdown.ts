import type { Root } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";
import remend, { type RemendOptions } from "remend";

/** Reads GitHub's Markdown: tables, task lists, strikethrough, bare links and footnotes included. Never throws. */
export function parseMarkdown(markdown: string): Root {
  return fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
}

/** Reads Markdown that is still being written: what is open at its end ("**bol", "[link](htt") counts as closed there. */
export function parseDraft(markdown: string): Root {
  return parseMarkdown(remend(markdown, halfWritten));
}

/** Mathematics and HTML are shown as they were written, so nothing of theirs is to be mended. */
const halfWritten: RemendOptions = {
  katex: false,
  inlineKatex: false,
  htmlTags: false,
  linkMode: "text-only",
  handlers: [{ name: "hide a half-written image", priority: -1, handle: (text) => text.replace(halfImage, "") }],
};
const halfImage = /!\[[^\]\n]*(?:\]\([^)\s]*)?$/;
