import type { ChannelMessage } from "./message.ts";

const quoteCharsMax = 1_000;

/** What a person said, as the conversation remembers it: with what they answered quoted above. */
export function spokenText({ replyTo, text }: Pick<ChannelMessage, "replyTo" | "text">): string {
  if (!replyTo) return text;
  const quoted =
    replyTo.text.length > quoteCharsMax ? `${replyTo.text.slice(0, quoteCharsMax).toWellFormed()}…` : replyTo.text;
  return `${`${replyTo.author}: ${quoted}`.replace(/^/gm, "> ")}\n\n${text}`;
}
