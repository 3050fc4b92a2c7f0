/** Every wait of the channel, in milliseconds unless the name says otherwise. Tests shrink them. */
export const telegramTimings = {
  /** How long Telegram holds a poll that has nothing to say. */
  pollSeconds: 25,
  /** How long an answer may take; a poll is given as much on top of its own time before it counts as dead. */
  callMs: 10_000,
  /** How long a file may be on its way, of up to 8 MB and perhaps over a slow line. */
  uploadMs: 120_000,
  /** How long a draft that fades may be on its way. */
  draftMs: 3_000,
  /** How long the download of what a person sent may take. */
  fileMs: 60_000,
  /** How long Telegram is given to say who runs a group, before a press there is taken for a stranger's. */
  pressMs: 3_000,
  /** The first pause after a failure, doubled each time up to `pauseMsMax`. */
  pauseMs: 500,
  pauseMsMax: 30_000,
  /** How long a webhook delivery waits for an instance that still starts. */
  startMs: 5_000,
  /** How often Telegram is asked whether the webhook still stands. */
  webhookCheckMs: 60_000,
  /** How long a message whose arrival is unknown is given to arrive, before it is looked for. */
  settleAfterMs: 500,
  /** How long the pictures of an album, or the pieces of a paste, may be apart on their way. */
  albumMs: 60_000,
  /** Telegram tolerates about one message a second in a chat, and 20 a minute in a group, edits included. */
  privateEditMs: 1_000,
  groupEditMs: 4_000,
};

export type TelegramTimings = Readonly<typeof telegramTimings>;
