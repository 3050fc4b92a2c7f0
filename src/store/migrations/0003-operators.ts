/** Parked turns that an operator has discarded. The state stays "parked": for the room nothing has changed. */
export const operators: readonly string[] = [`alter table turns add column discarded_at timestamptz`];
