/** Lets through what a person may see of a model's text as it streams. */
type VisibleText = {
  /** The part of it that is certain to be seen. */
  push(text: string): string;
  /** What was held back. */
  end(): string;
};

const openings = ["<think>", "<thinking>", "<thought>"];
const closing = /<\/(?:think|thinking|thought)>/;
const closingCharsMax = "</thinking>".length;

/**
 * Drops the thoughts that reasoning models on local servers write into their text: `<think>…</think>` at the start of the
 * answer or right after another such block (later it may be an example that the person asked for). Keeps surrogate
 * pairs together across tokens, and drops NUL, which no PostgreSQL text can hold.
 */
export function visibleText(): VisibleText {
  let state: "start" | "thinking" | "text" = "start";
  let thought = false;
  let held = "";

  return {
    push(text) {
      if (state === "text" && held === "" && isWhole(text)) return text;
      held += text;
      let visible = "";
      for (let before = -1; before !== held.length;) {
        before = held.length;
        visible += step();
      }
      return clean(visible);
    },
    end() {
      const rest = state === "thinking" || held.trim() === "" ? "" : held;
      held = "";
      return clean(rest);
    },
  };

  /** Takes from `held` what is decided. */
  function step(): string {
    if (state === "start") return decideStart();
    if (state === "text") return takeText();
    const end = closing.exec(held);
    held = end ? held.slice(end.index + end[0].length) : held.slice(-closingCharsMax);
    if (end) state = "start";
    return "";
  }

  function decideStart(): string {
    const start = held.trimStart();
    const opening = openings.find((tag) => start.startsWith(tag));
    if (opening) {
      held = start.slice(opening.length);
      state = "thinking";
      thought = true;
      return "";
    }
    if (openings.some((tag) => tag.startsWith(start))) return "";
    if (thought) held = start;
    state = "text";
    return takeText();
  }

  /** All but the first half of a surrogate pair. */
  function takeText(): string {
    const text = held;
    held = endsInside(text) ? text.slice(-1) : "";
    return held ? text.slice(0, -1) : text;
  }
}

function isWhole(text: string): boolean {
  return !text.includes("\0") && text.isWellFormed();
}

function endsInside(text: string): boolean {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd8_00 && last <= 0xdb_ff;
}

function clean(text: string): string {
  return isWhole(text) ? text : text.replaceAll("\0", "").toWellFormed();
}
