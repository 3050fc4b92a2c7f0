/** How long things take that tests hurry. */
export const discordTimings = {
  /** For a call in all, with the library's waits for its turn and for limits. */
  callMs: 12_000,
  /** For one that sends a file: ten megabytes over a slow line. */
  uploadMs: 120_000,
  /** One IDENTIFY in five seconds is allowed, and neither networks nor busy machines are even. */
  identifyEveryMs: 6_000,
  /** Between two looks into the history of a room: what was missed must leave room for answers. */
  historyEveryMs: 150,
  /** After this, whoever handed a session over is not connected with it any more: supervise.ts gives five seconds. */
  sharedMs: 6_000,
  /** For how long a nonce surely names the message it made: Discord speaks of "a few minutes". */
  nonceMs: 90_000,
  /** After this somebody whose roles Discord does not tell counts as one without any: everybody else waits as well. */
  patienceMs: 60_000,
};

export type DiscordTimings = Readonly<typeof discordTimings>;
