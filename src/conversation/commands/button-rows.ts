import type { Button } from "../domain/reply.ts";

/** What every platform can show: five rows (Discord's limit). */
const rowsMax = 5;

/** Buttons in rows of `perRow`; what does not fit into the rows that every platform shows is left out: it can be written. */
export function buttonRows(buttons: readonly Button[], perRow: number): readonly (readonly Button[])[] {
  const rows = Math.min(rowsMax, Math.ceil(buttons.length / perRow));
  return Array.from({ length: rows }, (_, row) => buttons.slice(row * perRow, (row + 1) * perRow));
}

/** A label as long as a button is wide. */
export function buttonLabel(text: string, charsMax = 38): string {
  return text.length > charsMax ? `${text.slice(0, charsMax).toWellFormed()}…` : text;
}
