import type { Attachment } from "./message.ts";

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
  /** The name of who the model is to be in this conversation; the operator may not offer it any more. */
  readonly persona?: string;
  /** What the person told the model to be or do, in this conversation. */
  readonly instructions?: string;
  /** What was said before the current message, oldest first. */
  readonly history: readonly Utterance[];
};

export type Utterance = {
  readonly role: "system" | "user" | "assistant";
  readonly text: string;
  /** Who said it, in a group. */
  readonly author?: string;
  /** What came with it. */
  readonly attachments?: readonly ReadAttachment[];
};

/** What a person said in one message, with all that came with it. */
export type Spoken = {
  /** What the conversation remembers and a model reads. */
  readonly text: string;
  /** What came with the message, with what it quotes, and with what it passes on, in this order. */
  readonly attachments: readonly ReadAttachment[];
};

export type ReadAttachment = Attachment & { readonly reading: Reading };

/** What became of an attachment. */
export type Reading =
  /** Models that read images are shown it. */
  | { readonly kind: "picture" }
  /** Its text stands in what was said; `isCut`: the beginning of it. */
  | { readonly kind: "document"; readonly isCut: boolean }
  /** Speech; its words stand in what was said as well. */
  | { readonly kind: "heard"; readonly words: string }
  | { readonly kind: "unread"; readonly because: Unread };

export type Unread =
  /** A video, a sticker, a place: nothing that is read here at all. */
  | "unreadable"
  /** Nobody is configured who could listen. */
  | "deaf"
  /** No speech in the sound, no text in the document (a scan). */
  | "wordless"
  /** Neither text nor of a known format. */
  | "format"
  | "locked"
  | "broken"
  | "too-large"
  /** Beyond the limit on how many are read. */
  | "too-many"
  /** The platform does not give it out any more, or nobody could listen to it. */
  | "failed";

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
