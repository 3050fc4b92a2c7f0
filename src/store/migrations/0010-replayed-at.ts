/** When an operator brought a turn back: from then on it is waited for as for a new one. A version before this one counts from when it was kept. */
export const replayedAt: readonly string[] = [`alter table turns add column replayed_at timestamptz`];
