/** The word that `written` was probably meant to be: one slip away, two in long words. Undefined when none is near. */
export function nearestWord(written: string, words: readonly string[]): string | undefined {
  const slipsMax = written.length > 5 ? 2 : 1;
  const near = words
    .map((word) => ({ word, slips: countSlips(written, word) }))
    .filter(({ slips }) => slips <= slipsMax)
    .toSorted((a, b) => a.slips - b.slips);
  return near[0]?.word;
}

/** Letters missing, added, changed, or two neighbours swapped (optimal string alignment). */
function countSlips(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number) => rows[row]?.[column] ?? Number.POSITIVE_INFINITY;
  for (let row = 1; row <= a.length; row++) {
    const slips = [row];
    rows.push(slips);
    for (let column = 1; column <= b.length; column++) {
      const changed = a[row - 1] === b[column - 1] ? 0 : 1;
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      slips[column] = Math.min(
        at(row - 1, column) + 1,
        at(row, column - 1) + 1,
        at(row - 1, column - 1) + changed,
        swapped ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
  }
  return at(a.length, b.length);
}
