/** How often one person may write. Shared by all instances where Redis is; each its own without. Never throws: if in doubt it allows. */
export interface RateLimiter {
  take(key: string): Promise<Permit>;
  /** For a message that turned out to be known, or could not be kept. */
  giveBack(key: string): Promise<void>;
}

export type Permit =
  /** `nth`: of the sender's messages in this minute. */
  | { readonly kind: "granted"; readonly nth: number }
  /** `first`: the first refusal of the window, the one that is said. */
  | { readonly kind: "refused"; readonly retryAfterMs: number; readonly first: boolean };
