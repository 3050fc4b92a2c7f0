import { signal } from "@preact/signals";
import { createStoredText } from "./stored-text.ts";

const stored = createStoredText("browser", "parley.draft");

/** What is written in the composer and not yet sent. Outlives a reload. */
export const written = signal(stored.read() ?? "");
written.subscribe((text) => stored.write(text));

/** Grows each time the composer is to be focused. */
export const focusCalls = signal(0);

/** Puts words into the composer, before what is there already, for the person to change and send. */
export function editText(words: string): void {
  written.value = [words, written.value.trim()].filter(Boolean).join("\n");
  focusCalls.value += 1;
}
