import type { Reply, ReplyFile } from "./reply.ts";
import { say } from "./words/say.ts";

/** An answer of more parts is shown as a head and a file: a long read is better in a reader than in a chat. */
export const partsMax = 4;

/**
 * A long reply as a file, and the Markdown to show with it: what the program itself says under an answer is not of the file.
 *
 * @param language what the person reads
 */
export function wholeAsFile(
  { text, footer }: Reply,
  language: string | undefined,
): { readonly caption: string; readonly file: ReplyFile } {
  return {
    caption: [footer, say(language, "answers.inFile")].filter(Boolean).join("\n\n"),
    file: { name: "answer.md", mimeType: "text/markdown", text },
  };
}
