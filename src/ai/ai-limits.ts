/** Every bound of the AI client in one place, after the figures of the best gateways. Tests shrink them. */
export const aiLimits = {
  /** Until the connection stands, TLS included. */
  connectMs: 10_000,
  /** From the request to the first token, a hidden thought included. */
  firstTokenMs: 30_000,
  /** The same for local servers, which may load the model first, and for models that think in silence. */
  firstTokenSlowMs: 60_000,
  /** Between two tokens. Comments that only keep the connection alive do not count. */
  idleMs: 45_000,
  /** One request, from its start to its end. */
  totalMs: 180_000,
  /** How long the usage may come after the finish reason. */
  afterEndMs: 2_000,

  /** Further requests to the same target after a failure. */
  retriesMax: 2,
  /** The same after a timeout, which has cost the person its time already. */
  timeoutRetriesMax: 1,
  /** The most that the first pause may last, doubled each time up to `backoffMsMax`; the pause itself is random (full jitter). */
  backoffMs: 500,
  backoffMsMax: 8_000,
  /** The longest Retry-After that is waited for; a longer one is only stored, and the next target asked. */
  cooldownWaitMsMax: 10_000,
  /** The longest cooldown that is believed. */
  cooldownMsMax: 24 * 60 * 60_000,
  /** A quota that is used up is asked about again after this. */
  quotaCooldownMs: 60_000,

  /** A target's breaker opens at this share of failures among at least `breakerCallsMin` calls in `breakerWindowMs` … */
  breakerWindowMs: 60_000,
  breakerCallsMin: 5,
  breakerFailureShare: 0.5,
  /** … or at this many failures in a row. */
  breakerFailuresInARow: 5,
  /** How long it stays open before one probe, doubled up to `breakerOpenMsMax` each time the probe fails. */
  breakerOpenMs: 30_000,
  breakerOpenMsMax: 300_000,
  /** Targets whose breaker, cooldown and dialect are remembered. */
  targetsMax: 500,

  /** How long a list of models is fresh. */
  catalogueMs: 600_000,
  /** How soon it is asked for again after a failure. */
  catalogueRetryMs: 15_000,
  catalogueTimeoutMs: 5_000,
  catalogueModelsMax: 2_000,
  catalogueBytesMax: 16_000_000,

  /** One recording put into words, from its upload on. */
  transcriptionMs: 120_000,
  transcriptBytesMax: 1_000_000,

  eventCharsMax: 1_000_000,
  answerCharsMax: 1_000_000,
  errorBytesMax: 64_000,
  /** Of an error's message. */
  messageCharsMax: 300,
};

export type AiLimits = Readonly<typeof aiLimits>;
