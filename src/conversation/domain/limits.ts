/** Every bound of the conversation in one place. The configuration sets some; tests shrink them. */
export const limits = {
  /** Turns that one instance works on at a time. */
  turnsAtOnceMax: 64,
  /** How long a turn is ours without renewing. Renewed three times within. */
  leaseMs: 15_000,
  /** The sweep that finds what a lost wake-up missed. */
  sweepMs: 1_000,
  /** Claims of a turn in a row that ended without a word (a killed worker) before it is parked. */
  crashesMax: 3,
  /** First pause before a turn is tried again, doubled each time up to `backoffMsMax`. */
  backoffMs: 1_000,
  backoffMsMax: 60_000,
  /** How long an AI that is away is tried for a message before it is answered with an apology. That others came before it is not counted. */
  patienceMs: 30 * 60_000,
  /** How long a turn is tried, its sending above all, before it is parked. */
  deliveryMsMax: 24 * 60 * 60_000,
  /** The whole of one attempt to answer. */
  answerMsMax: 300_000,
  /** How soon a growing reply is first shown; one that is finished before is shown at once and whole. */
  firstDraftMs: 700,
  /** How soon "typing" is shown; an instant answer needs none. */
  typingAfterMs: 150,
  /** How often "typing" is renewed until the first draft. */
  typingMs: 4_000,
  /** How often a draft that does not grow is shown again: on Telegram one fades after 30 s. */
  renewMs: 20_000,
  /** How soon a message that waits for an AI is told so. */
  noticeAfterMs: 5_000,
  /** How long what must not be done again is kept in memory while the database is away, before the turn is left to another attempt. */
  saveMsMax: 10 * 60_000,
  /** The same when the process is to end. */
  handBackMsMax: 5_000,
  /** How long nobody's turn is taken over after an absence of the database in which leases may have run out: all instances renew theirs first. */
  renewFirstMs: 3_000,
  /** Tries of a turn that fails by a bug of ours before it is given up. */
  bugAttemptsMax: 5,
  /** How long after it was kept a question can be edited and is answered anew. */
  editableMs: 60_000,
  contextMessagesMax: 20,
  contextTokensMax: 8_000,
  replyTokensMax: 4_000,
  /** Attachments of one message that are read, those of what it quotes and passes on included. */
  attachmentsMax: 10,
  /** How long a message's attachments are tried to be fetched and listened to; then it is answered without them. */
  attachmentPatienceMs: 10 * 60_000,
  /** Fetching one attachment. */
  fetchMsMax: 30_000,
  /** Where a message brings fewer pictures itself, the newest of so many messages before it are shown again. */
  promptPicturesMax: 4,
  pictureMessagesMax: 8,
  /** Anthropic takes 5 MB a picture, Google 20 MB a request, in base64, which is a third longer. */
  pictureBytesMax: 5_000_000,
  promptPictureBytesMax: 12_000_000,
  /** What a picture is taken to cost. */
  pictureTokens: 1_000,
  documentBytesMax: 5_000_000,
  /** How much of `contextTokensMax` the documents and transcripts of one message may fill. */
  documentsShareMax: 0.5,
  /** Telegram's bots can fetch no more; OpenAI's and Groq's transcription take 25 MB. */
  soundBytesMax: 20_000_000,
  /** Messages of one person in a minute that wait their turn like everyone's. More of them, in whatever rooms, let others go first. */
  promptMessagesMax: 5,
  /** Turns that wait in one room; the newest beyond it are refused with words. */
  roomTurnsMax: 100,
  /** A longer message is refused with words. In UTF-16 units. */
  messageCharsMax: 32_000,
};

export type Limits = Readonly<typeof limits>;
