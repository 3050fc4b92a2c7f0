import { languageOf } from "./language-of.ts";

/** "12 seconds" in the person's language, to be put into a sentence; rounded up, at least one. */
export function sayDuration(tag: string | undefined, durationMs: number): string {
  const seconds = Math.max(1, Math.ceil(durationMs / 1_000));
  return seconds.toLocaleString(languageOf(tag), { style: "unit", unit: "second", unitDisplay: "long" });
}
