import { distance } from "fastest-levenshtein";
import { bareName } from "./pick-model.ts";

/** The three listed names that are most like `name`, best first. */
export function nearestModels(name: string, listed: readonly string[]): string[] {
  const wanted = bareName(name.toLowerCase());
  return listed
    .map((id) => ({ id, likeness: likeness(wanted, bareName(id.toLowerCase())) }))
    .sort((a, b) => b.likeness - a.likeness)
    .slice(0, 3)
    .map(({ id }) => id);
}

/** From 0 to 2: the share of letters that stay, and more if one name is part of the other, most at its beginning. */
function likeness(wanted: string, name: string): number {
  const same = 1 - distance(wanted, name) / Math.max(wanted.length, name.length, 1);
  if (name.startsWith(wanted) || wanted.startsWith(name)) return same + 1;
  return name.includes(wanted) || wanted.includes(name) ? same + 0.5 : same;
}
