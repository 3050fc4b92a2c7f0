import { accents, doubleStruck, relations, subscripts, superscripts, symbols } from "./maths-symbols.ts";

/**
 * Writes TeX's mathematics as a line that anyone can read: "x^2 \le \frac{a}{b}" is "x² ≤ a/b". Several rows stay rows.
 *
 * @returns undefined where a line cannot say it (a matrix), or TeX means something that we do not know: its source is to be shown
 */
export function mathsToText(tex: string): string | undefined {
  if (tex.length > texCharsMax) return undefined;
  const rows = rowsOf(tex.trim()).map((row) => {
    const reading: Reading = { tex: row, at: 0, depth: 0 };
    const text = readRow(reading);
    return reading.at === row.length ? text?.replaceAll(/ {2,}/g, " ").trim() : undefined;
  });
  return rows.every((row) => row !== undefined) ? rows.filter(Boolean).join("\n") || undefined : undefined;
}

const texCharsMax = 2_000;
const depthMax = 12;

/** Where in the source we are. */
type Reading = { readonly tex: string; at: number; depth: number };

/** The lines of an environment of lines; `&` only aligns them. */
function rowsOf(tex: string): readonly string[] {
  const [, , inside] =
    /^\\begin\{(aligned|align|gathered|gather|split|equation)\*?\}([^]*)\\end\{\1\*?\}$/.exec(tex) ?? [];
  return (inside?.replaceAll(/(?<!\\)&/g, "") ?? tex).split(/\\\\(?:\[[^\]]*\])?/);
}

/** Up to the end, or to the brace that closes what we are in. */
function readRow(reading: Reading): string | undefined {
  let text = "";
  while (reading.at < reading.tex.length && reading.tex[reading.at] !== "}") {
    const isCommand = reading.tex[reading.at] === "\\";
    const next = readOne(reading);
    if (next === undefined) return undefined;
    text += isCommand && /^[a-z]{2}/i.test(next) && /[\p{L}\p{N}]$/u.test(text) ? ` ${next}` : next; // "n log n"
  }
  return text;
}

function readOne(reading: Reading): string | undefined {
  const letter = reading.tex[reading.at] ?? "";
  if (letter === "\\") return readCommand(reading);
  if (letter === "{") return readGroup(reading);
  reading.at += 1;
  switch (letter) {
    case "^":
      return readScript(reading, superscripts, "^");
    case "_":
      return readScript(reading, subscripts, "_");
    case "'":
      return "′";
    case "-":
      return "−";
    case "~":
    case "\n":
      return " ";
    case "&":
    case "#":
    case "%":
    case "$":
      return undefined;
    default:
      return letter;
  }
}

function readGroup(reading: Reading): string | undefined {
  reading.at += 1;
  reading.depth += 1;
  if (reading.depth > depthMax) return undefined;
  const inside = readRow(reading);
  if (reading.tex[reading.at] !== "}") return undefined;
  reading.at += 1;
  reading.depth -= 1;
  return inside;
}

/** What a command is about: a group, or a single thing. */
function readArgument(reading: Reading): string | undefined {
  skipSpace(reading);
  if (reading.at >= reading.tex.length || reading.tex[reading.at] === "}") return undefined;
  return readOne(reading)?.trim();
}

function skipSpace(reading: Reading): void {
  while (/\s/.test(reading.tex[reading.at] ?? "")) reading.at += 1;
}

/** Raised or lowered where all of it can be; else told by the mark, with brackets around more than one thing. */
function readScript(reading: Reading, letters: ReadonlyMap<string, string>, mark: string): string | undefined {
  const inside = readArgument(reading);
  if (inside === undefined) return undefined;
  const raised = Array.from(inside.replaceAll(" ", ""), (letter) => letters.get(letter));
  if (raised.every((letter) => letter !== undefined)) return raised.join("");
  if (mark === "^" && (inside === "∘" || inside === "°")) return "°";
  if (mark === "^" && /^[∗*†′⊤⊥]+$/.test(inside)) return inside;
  const isName = mark === "_" && /^[A-Za-z]+$/.test(inside);
  return mark + (isName || Array.from(inside).length === 1 ? inside : `(${inside})`);
}

function readCommand(reading: Reading): string | undefined {
  const name = /^\\([A-Za-z]+|[^])/.exec(reading.tex.slice(reading.at, reading.at + 32))?.[1];
  if (name === undefined) return undefined;
  reading.at += name.length + 1;
  const relation = relations.get(name);
  if (relation !== undefined) return ` ${relation} `;
  const symbol = symbols.get(name);
  if (symbol !== undefined) return readDot(name, reading) ?? symbol;
  const accent = accents.get(name);
  if (accent !== undefined) return readAccented(reading, accent);
  if (/^[,;:! ]$/.test(name)) return name === "!" ? "" : " ";
  if (/^[{}$%#&_|]$/.test(name)) return name === "|" ? "‖" : name;
  return readFunction(name, reading);
}

/** `\left.` and `\right.` stand for no bracket. */
function readDot(name: string, reading: Reading): string | undefined {
  if ((name !== "left" && name !== "right") || reading.tex[reading.at] !== ".") return undefined;
  reading.at += 1;
  return "";
}

function readAccented(reading: Reading, accent: string): string | undefined {
  const inside = readArgument(reading);
  return inside !== undefined && Array.from(inside).length === 1 ? inside + accent : undefined;
}

function readFunction(name: string, reading: Reading): string | undefined {
  switch (name) {
    case "frac":
    case "dfrac":
    case "tfrac": {
      const [above, below] = [readArgument(reading), readArgument(reading)];
      return above === undefined || below === undefined
        ? undefined
        : `${bracketed(above)}/${/\d\p{L}/u.test(below) ? `(${below})` : bracketed(below)}`;
    }
    case "sqrt":
      return readRoot(reading);
    case "text":
    case "textbf":
    case "textit":
    case "textrm":
    case "mbox":
      return readWords(reading);
    case "operatorname":
      if (reading.tex[reading.at] === "*") reading.at += 1;
      return readArgument(reading);
    case "mathrm":
    case "mathbf":
    case "mathit":
    case "mathsf":
    case "mathcal":
    case "boldsymbol":
    case "boxed":
      return readArgument(reading);
    case "mathbb": {
      const letter = readArgument(reading);
      return letter && doubleStruck.get(letter);
    }
    case "pmod": {
      const inside = readArgument(reading);
      return inside === undefined ? undefined : ` (mod ${inside})`;
    }
    default:
      return undefined;
  }
}

function readRoot(reading: Reading): string | undefined {
  const [whole = "", degree = ""] = /^\s*\[(\w{1,3})\]/.exec(reading.tex.slice(reading.at, reading.at + 16)) ?? [];
  reading.at += whole.length;
  const inside = readArgument(reading);
  if (inside === undefined) return undefined;
  const raised = Array.from(degree, (letter) => superscripts.get(letter) ?? "").join("");
  const sign =
    new Map([
      ["", "√"],
      ["2", "√"],
      ["3", "∛"],
      ["4", "∜"],
    ]).get(degree) ?? `${raised}√`;
  return sign + bracketed(inside);
}

/** Words are no mathematics: they stand as they are. */
function readWords(reading: Reading): string | undefined {
  const [whole, inside] = /^\s*\{([^{}\\$]*)\}/.exec(reading.tex.slice(reading.at)) ?? [];
  reading.at += whole?.length ?? 0;
  return inside;
}

function bracketed(text: string): string {
  return isOneThing(text) ? text : `(${text})`;
}

/** A number, a name, one in brackets: what needs no brackets around it. */
function isOneThing(text: string): boolean {
  return /^(?:[\p{L}\p{M}\p{N}.,′∞°⁰-⁹ⁿ₀-₉]+|[^\s]|\([^()]*\)|[\p{L}]+\([^()]*\))$/u.test(text);
}
