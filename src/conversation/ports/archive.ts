import type { ChannelMessage } from "../domain/message.ts";

/**
 * What was said in earlier conversations, for those who said it: a person's in a direct room, everyone's in a group's. The message
 * says who asks, and where. Every call throws StoreError when the database is away.
 */
export interface Archive {
  /** The place's conversations in which something was said, the newest first; the active one is among them. */
  list(message: ChannelMessage, countMax: number): Promise<readonly ConversationOverview[]>;

  /**
   * Makes one of the place's conversations the active one. Repeating changes nothing.
   *
   * @returns false when the place has no such conversation
   */
  reopen(message: ChannelMessage, conversationId: string): Promise<boolean>;

  /** What was said in a conversation, the newest `countMax`, oldest first. */
  read(conversationId: string, countMax: number): Promise<readonly Said[]>;

  /** How much is kept of the person who asks, beside what comes with every message: their name, what they chose, their commands. */
  holdings(message: ChannelMessage): Promise<Holdings>;

  /**
   * Deletes what is kept of the person who asks, in all rooms of the channel: words, answers to them, conversations of their own,
   * settings and usage, and who they were in what else they wrote. What comes again is still known by its id, and its place by that. The
   * turn of the message itself stays until it has ended (`Reply.forgets`); what was set for a group stays with the group.
   *
   * @returns what was deleted; less when it is repeated
   */
  forget(message: ChannelMessage): Promise<Holdings>;
}

export type ConversationOverview = {
  readonly id: string;
  /** How it began, at most 80 characters. */
  readonly title: string;
  readonly messages: number;
  readonly lastActivityMs: number;
  readonly isActive: boolean;
};

export type Said = {
  readonly role: "user" | "assistant";
  readonly author?: string;
  readonly text: string;
  readonly model?: string;
  readonly atMs: number;
};

export type Holdings = {
  readonly messages: number;
  readonly answers: number;
  readonly conversations: number;
  readonly daysOfUsage: number;
};
