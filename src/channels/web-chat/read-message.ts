import type { ChannelMessage } from "../../conversation/domain/message.ts";
import { chatLimits, type MessageRequest } from "./api.ts";

/** A request that passed its schema as a message of the visitor's room, or the sentence that says why it is none. */
export function readMessage(
  request: MessageRequest,
  { visitor, language, nowMs }: { readonly visitor: string; readonly language: string; readonly nowMs: number },
): ChannelMessage | string {
  const { id, text, name = "" } = request;
  if (text.length > chatLimits.messageCharsMax)
    return `The message is longer than ${chatLimits.messageCharsMax} characters. Send it in parts.`;
  const storable = storableText(text);
  if (!storable.trim()) return "The message is empty. Write something.";
  return {
    channel: "web",
    room: visitor,
    id,
    author: { id: visitor, name: readableName(name) || "Visitor" },
    text: storable,
    audience: "direct",
    language,
    address: null,
    sentAtMs: nowMs,
  };
}

/** PostgreSQL keeps neither NUL nor half a surrogate pair. */
function storableText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "");
}

/** One line without what is invisible or turns the writing around: control, format (bidi overrides) and private-use characters. */
function readableName(name: string): string {
  return name
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}\s]+/gu, " ")
    .trim();
}
