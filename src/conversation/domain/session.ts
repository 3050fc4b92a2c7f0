/** Who speaks, in which conversation: the stable facts that are cached. */
export type SessionIds = { readonly userId: string; readonly conversationId: string };

/** Everything known when a message arrives: who, where in the talk, and who is to answer. */
export type Session = SessionIds & {
  /** `/model NAME` of this person. */
  readonly preferredModel?: string;
  /** `/model NAME --conversation`. */
  readonly modelOverride?: string;
  /** What the operator set for the channel. */
  readonly channelModel?: string;
  /** What was said before the current message, oldest first. */
  readonly history: readonly Utterance[];
};

export type Utterance = {
  readonly role: "system" | "user" | "assistant";
  readonly text: string;
  /** Who said it, in a group. */
  readonly author?: string;
};

/** Who answers, and why they do. */
export type ModelChoice = {
  readonly model: string;
  readonly reason: "conversation" | "user" | "channel" | "system";
};

/** What a conversation has come to, for `/status`. */
export type ConversationTally = {
  readonly messages: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly startedAtMs: number;
};
