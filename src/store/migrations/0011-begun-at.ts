/**
 * When a turn was first claimed, since it was kept or an operator brought it back: from then on its tries are counted. `replayed_at`
 * stays for a version before this one, which writes it.
 */
export const begunAt: readonly string[] = [`alter table turns add column begun_at timestamptz`];
