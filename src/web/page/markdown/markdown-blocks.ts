import { Marked, type Tokens } from "marked";
import remend from "remend";

/**
 * Turns Markdown into the HTML of its top-level blocks, so that a growing text changes its last block only.
 * HTML in it becomes text, and a picture a link, for loading one tells its server whatever its address holds.
 * What comes out is for `safeFragment` only. `growing`: what is half-written is closed.
 *
 * @throws RangeError when it is nested too deeply
 */
export function markdownBlocks(text: string, growing: boolean): readonly string[] {
  const tokens = marked.lexer(growing ? remend(text, { katex: false }) : text);
  return tokens
    .filter(({ type }) => type !== "space" && type !== "def")
    .map((token) => marked.parser([token], marked.defaults).trim());
}

const marked = new Marked({ gfm: true, breaks: true });
marked.use({
  renderer: {
    html: ({ text }) => escaped(text),
    image: ({ href, text }) => link(href, escaped(text || href)),
    link({ href, tokens }) {
      return link(href, this.parser.parseInline(tokens));
    },
    heading({ depth, tokens }) {
      const level = Math.min(depth + 1, 6); // the first one is the page's own
      return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>`;
    },
    code: ({ text, lang = "" }) =>
      `<pre data-language="${escaped(/^\S*/.exec(lang)?.[0] ?? "")}"><code>${escaped(text)}\n</code></pre>`,
    checkbox: ({ checked }: Tokens.Checkbox) => (checked ? "☑ " : "☐ "),
  },
});

function link(href: string, html: string): string {
  return `<a href="${escaped(href)}">${html}</a>`;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? "");
}
