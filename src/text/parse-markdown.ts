import type { Root } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";
import { findSpoilers } from "./find-spoilers.ts";
import { mathsFromMarkdown, mathsSyntax } from "./maths-syntax.ts";
import { mendDraft } from "./mend-draft.ts";

/**
 * Reads GitHub's Markdown: tables, task lists, strikethrough, bare links and footnotes included; and what models write besides:
 * mathematics, spoilers. Never throws.
 */
export function parseMarkdown(markdown: string): Root {
  return findSpoilers(parse(markdown), markdown, "final");
}

/** Reads Markdown that is still being written. */
export function parseDraft(markdown: string): Root {
  const mended = mendDraft(markdown);
  return findSpoilers(parse(mended), mended, "draft");
}

function parse(markdown: string): Root {
  return fromMarkdown(markdown, {
    extensions: [gfm(), mathsSyntax],
    mdastExtensions: [gfmFromMarkdown(), mathsFromMarkdown],
  });
}
