/** A reply as far as it is written. While it streams, each value replaces the one before. */
export type Reply = {
  /** Markdown. Empty while nothing is written yet: the room shows "typing" or "thinking". */
  readonly text: string;
  /** A word of the program's own under the model's text: stopped, cut at a limit, another model answered. Markdown. */
  readonly footer?: string;
  /** Absent while it is still being written. */
  readonly end?: ReplyEnd;
  /**
   * What can be pressed under it, in rows. A room shows buttons under its newest answer only, and only the person who asked (and who
   * moderates the room) can press them. Channels without buttons leave them out: each stands for a command that can be written.
   */
  readonly buttons?: readonly (readonly Button[])[];
  /** The person who asked, by the platform's id, where somebody else had the answer written anew. Absent: the turn's author. */
  readonly askerId?: string;
  /** Nobody writes on it for now: it must stay by itself where drafts fade. */
  readonly stays?: true;
  /** The person was forgotten: once it is shown, nothing that names them is kept with it. */
  readonly forgets?: true;
  /** Comes with it, as a file to save. */
  readonly file?: ReplyFile;
};

export type Button = {
  /** In the person's language. At most 40 characters. */
  readonly label: string;
  /** What a press stands for, such as "/stop". At most 40 bytes, so that it fits into what platforms send back. */
  readonly command: string;
};

export type ReplyFile = { readonly name: string; readonly mimeType: string; readonly text: string };

export type ReplyEnd = "complete" | "length" | "filtered" | "stopped";

/** A reply that will not grow any more, so it can be saved. */
export type FinalReply = Reply & { readonly end: ReplyEnd };

/** The Markdown that a room shows for this reply. */
export function replyMarkdown({ text, footer }: Reply): string {
  return [text, footer].filter(Boolean).join("\n\n");
}
