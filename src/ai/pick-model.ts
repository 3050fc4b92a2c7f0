/**
 * The first of `wanted` that is listed. "#" in a wanted name stands for a version ("gpt-#-mini"): the newest wins, a dated
 * snapshot only if there is no plain name. A publisher before the name does not matter.
 */
export function pickModel(wanted: readonly string[], listed: readonly string[]): string | undefined {
  for (const name of wanted) {
    const found = name.includes("#") ? newest(name, listed) : listed.find((id) => isSameModel(id, name));
    if (found) return found;
  }
  return undefined;
}

/** Whether both name the same model, with or without its publisher ("openai/gpt-5", "models/gemini-…") and ":latest". */
export function isSameModel(a: string, b: string): boolean {
  const [left, right] = [plain(a), plain(b)];
  return left === right || (left.includes("/") !== right.includes("/") && bareName(left) === bareName(right));
}

/** Without the publisher. */
export function bareName(id: string): string {
  return id.slice(id.lastIndexOf("/") + 1);
}

function plain(id: string): string {
  return id
    .toLowerCase()
    .replace(/^models\//, "")
    .replace(/:latest$/, "");
}

function newest(wanted: string, listed: readonly string[]): string | undefined {
  const escaped = wanted.toLowerCase().replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
  const version = String.raw`(\d{1,2}(?:[.-]\d{1,2})*)`;
  const date = String.raw`(-\d{8}|-\d{4}-\d{2}-\d{2})?`;
  const shape = new RegExp(`^(?:.*/)?${escaped.replace("#", version)}${date}$`);
  const matches = listed.flatMap((id) => {
    const [, numbers, dated = ""] = shape.exec(plain(id)) ?? [];
    return numbers === undefined ? [] : [{ id, version: numbers.split(/[.-]/).map(Number), dated }];
  });
  return matches.sort((a, b) => compareVersions(b.version, a.version) || compareDates(a.dated, b.dated))[0]?.id;
}

function compareVersions(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** No date first, then the newest. */
function compareDates(a: string, b: string): number {
  if (!a || !b) return a.length - b.length;
  return b.localeCompare(a);
}
