/** A reply as far as it is written. While it streams, each value replaces the one before. */
export type Reply = {
  /** Markdown. Empty while nothing is written yet: the room shows "typing" or "thinking". */
  readonly text: string;
  /** A word of the program's own under the model's text: stopped, cut at a limit, another model answered. Markdown. */
  readonly footer?: string;
  /** Absent while it is still being written. */
  readonly end?: ReplyEnd;
};

export type ReplyEnd = "complete" | "length" | "filtered" | "stopped";

/** A reply that will not grow any more, so it can be saved. */
export type FinalReply = Reply & { readonly end: ReplyEnd };

/** The Markdown that a room shows for this reply. */
export function replyMarkdown({ text, footer }: Reply): string {
  return [text, footer].filter(Boolean).join("\n\n");
}
