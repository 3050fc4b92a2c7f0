import { go } from "fuzzysort";
import { nearestModels } from "./nearest-models.ts";

/** Of the listed names those that somebody may be typing, the likeliest first: "gp5m" is "gpt-5-mini". All, when nothing is typed yet. */
export function completeModels(typed: string, listed: readonly string[]): readonly string[] {
  const wanted = typed.trim().slice(0, typedCharsMax);
  if (wanted === "") return listed;
  const matches = go(wanted, listed).map(({ target }) => target);
  return matches.length > 0 ? matches : nearestModels(wanted, listed);
}

const typedCharsMax = 100;
