import type { FinalReply } from "../../conversation/domain/reply.ts";
import type { TranscriptEntry } from "../../conversation/ports/transcripts.ts";
import type { ChatReply, ChatTurn } from "./api.ts";

/** A turn as the page gets it. */
export function writeTurn({ turnId, message, keptAtMs, reply, state }: TranscriptEntry): ChatTurn {
  const turn = { turnId, messageId: message.id, text: message.text, keptAtMs };
  if (reply) return { ...turn, state: "answered", reply: writeReply(reply) };
  return { ...turn, state: state === "waiting" ? "waiting" : "failed" };
}

function writeReply({ text, footer, end, file }: FinalReply): ChatReply {
  return { text, end, ...(footer !== undefined && { footer }), ...(file && { file }) };
}
