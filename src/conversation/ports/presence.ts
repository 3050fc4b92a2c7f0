/** Whether the other instances can see that this one lives. While they cannot, they may take its turns. */
export interface Presence {
  /** Since when they can, by `performance.now()`; Infinity while they cannot. What was leased before may be another's by now. */
  sinceMs(): number;
}
