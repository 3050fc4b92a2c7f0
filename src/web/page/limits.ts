/** Every bound of the page in one place. */
export const pageLimits = {
  /** First pause before a failed request is repeated, doubled each time up to `retryMsMax`, each shortened by chance. */
  retryMs: 600,
  retryMsMax: 30_000,
  /** How long an ordinary request may take. */
  requestMsMax: 15_000,
  /** A hidden tab closes its stream after this, unless it waits for an answer: browsers share 6 connections between all tabs. */
  hiddenMsMax: 30_000,
  /** Messages that wait to be sent; above this the composer refuses. */
  outboxMax: 20,
  /** Longer code stays plain: colours are not worth a frozen page. */
  highlightCharsMax: 30_000,
  /** How much of an answer a screen reader is told unasked. */
  announcedCharsMax: 1_500,
  /** How near to the end the transcript counts as at its end. */
  nearEndPx: 48,
} as const;
