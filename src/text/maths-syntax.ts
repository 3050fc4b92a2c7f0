import type { Extension as FromMarkdown } from "mdast-util-from-markdown";
import type { Literal } from "mdast";
import type { Code, Construct, Extension, State } from "micromark-util-types";

/** Mathematics in a line: `$x$`, `$$x$$`, `\(x\)`, `\[x\]`. */
export interface InlineMath extends Literal {
  type: "inlineMath";
}

declare module "mdast" {
  interface PhrasingContentMap {
    inlineMath: InlineMath;
  }
  interface RootContentMap {
    inlineMath: InlineMath;
  }
}
declare module "micromark-util-types" {
  interface TokenTypeMap {
    maths: "maths";
  }
}

/** What stands between a mark and its end, however much it looks like emphasis. */
const construct: Construct = {
  name: "maths",
  tokenize(effects, ok, nok) {
    let source = "";
    return begin;

    function begin(code: Code): State | undefined {
      effects.enter("maths");
      return go(code);
    }

    function go(code: Code): State | undefined {
      if (contentOf(source) !== undefined && !(source.startsWith("$") && isWord(code))) {
        effects.exit("maths");
        return ok(code);
      }
      if (code === null || source.length > sourceCharsMax || !canGoOn(source)) return nok(code);
      source += code > 0 ? String.fromCharCode(code) : lineEndOrSpace(code);
      effects.consume(code);
      return go;
    }
  },
  previous: (code) => code !== dollar && !isWord(code),
};

const dollar = 36;
const backslash = 92;
const sourceCharsMax = 1_000;

/** For micromark, which cuts a text into tokens. */
export const mathsSyntax: Extension = { text: { [dollar]: construct, [backslash]: construct } };

/** For mdast, which makes nodes of them. */
export const mathsFromMarkdown: FromMarkdown = {
  exit: {
    maths(token) {
      const value = contentOf(this.sliceSerialize(token)) ?? "";
      this.enter({ type: "inlineMath", value }, token);
      this.exit(token);
    },
  },
};

/** Below zero micromark has codes for line ends, and for tabs. */
function lineEndOrSpace(code: number): string {
  return code < -2 ? "\n" : " ";
}

function isWord(code: Code): boolean {
  return code !== null && code > 0 && /\w/.test(String.fromCharCode(code));
}

function canGoOn(source: string): boolean {
  if (source.length < 2) return source === "" || source === "$" || source === "\\";
  if (/^\\[([]/.test(source) || source.startsWith("$$")) return !/\n[ \t]*\n/.test(source.slice(-8));
  return /^\$[^\s$][^\n]*$/.test(source.slice(0, 2) + source.slice(-1)) && !source.slice(2).includes("$");
}

/** What is between the marks of a whole formula; undefined as long as it is none. */
function contentOf(source: string): string | undefined {
  if (!/[$)\]]$/.test(source)) return undefined;
  const [, display, dollars, round, square] = whole.exec(source) ?? [];
  const content = display ?? dollars ?? round ?? square;
  if (content === undefined || content.trim() === "" || isProse(content)) return undefined;
  if (dollars !== undefined && (dollars.trimEnd() !== dollars || isPrice(dollars))) return undefined;
  return content.trim();
}

const whole = /^(?:\$\$([^$]+)\$\$|\$([^\s$][^$\n]*)\$|\\\(([^]+?)\\\)|\\\[([^]+?)\\\])$/;

/** Words in a row are none of mathematics': brackets that were meant as brackets, two prices in a sentence. */
function isProse(content: string): boolean {
  return /[A-Za-z]{2,}[\s,.;:]+[A-Za-z]{2,}/.test(bare(content));
}

function isPrice(content: string): boolean {
  return /^\d/.test(content) && /\s[A-Za-z]{2,}\s|[\s\d](?:-|–|to|or|and)$/.test(bare(content));
}

/** Without commands and what they call words. */
function bare(content: string): string {
  return content.replaceAll(/\\(?:text\w*|mathrm|mbox|operatorname)\*?\{[^{}]*\}/g, "").replaceAll(/\\[A-Za-z]+/g, "");
}
