import type { Attachment, AttachmentKind, ChannelMessage, Quoted } from "./message.ts";

const quoteCharsMax = 1_000;
const forwardedMax = 20;
const forwardedCharsMax = 24_000;
const nameCharsMax = 100;

/** What is written in the place of an attachment. */
export type TextOf = (attachment: Attachment) => string;

/**
 * What a person said, as the conversation remembers it: what they answer and what they pass on, quoted under its author's name; then
 * what came with it; and their words last, where a model heeds them most.
 */
export function spokenText(
  message: Pick<ChannelMessage, "replyTo" | "forwarded" | "attachments" | "text">,
  textOf: TextOf = attachmentNote,
): string {
  const { replyTo, forwarded = [], attachments = [], text } = message;
  const forwardCharsMax = Math.floor(forwardedCharsMax / Math.min(forwarded.length, forwardedMax));
  const left = forwarded.length - forwardedMax;
  return [
    replyTo && `In reply to ${oneLine(replyTo.author)}:\n${quote(replyTo, quoteCharsMax, textOf)}`,
    ...forwarded
      .slice(0, forwardedMax)
      .map((quoted) => `Forwarded from ${oneLine(quoted.author)}:\n${quote(quoted, forwardCharsMax, textOf)}`),
    left > 0 && `[and ${left} more forwarded messages]`,
    ...attachments.map(textOf),
    text.trim() && text,
  ]
    .filter(Boolean)
    .join("\n\n");
}

/** All that came with a message, in the order in which it is read: its own, then what it quotes, then what it passes on. */
export function attachmentsOf({
  attachments = [],
  replyTo,
  forwarded = [],
}: Pick<ChannelMessage, "replyTo" | "forwarded" | "attachments">): readonly Attachment[] {
  const quoted = [...(replyTo ? [replyTo] : []), ...forwarded.slice(0, forwardedMax)];
  return [...attachments, ...quoted.flatMap((one) => one.attachments ?? [])];
}

/** What stands for an attachment that is not put into words. What a platform calls a voice message says nothing. */
export function attachmentNote({ kind, name }: Attachment): string {
  return `[sent ${kindNames[kind]}${name && kind !== "voice" ? `: ${oneLine(name)}` : ""}]`;
}

const kindNames: Readonly<Record<AttachmentKind, string>> = {
  image: "a picture",
  voice: "a voice message",
  audio: "a sound file",
  video: "a video",
  document: "a file",
  other: "something that is not text",
};

function quote({ text, attachments = [] }: Quoted, charsMax: number, textOf: TextOf): string {
  const cut = text.length > charsMax ? `${text.slice(0, charsMax).toWellFormed()}…` : text;
  const whole = [...attachments.map(textOf), cut].filter(Boolean).join("\n\n");
  return (whole || "[nothing that can be quoted]").replace(/^/gm, "> ");
}

/** As it can stand in a line of ours without looking like more than a name. */
function oneLine(name: string): string {
  const line = name.replaceAll(/[\s[\]]+/g, " ").trim();
  return line.length > nameCharsMax ? `${line.slice(0, nameCharsMax).toWellFormed()}…` : line;
}
