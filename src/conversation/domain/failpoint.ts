import type { ChannelMessage } from "./message.ts";

/**
 * Where a process can die and leave something else behind than at the place before: one after each wait between "bytes arrived" and
 * "delivered". In the order in which a message passes them; a failpoint's number is its place in this list.
 */
export const failpoints = [
  // It is accepted.
  "received",
  "permitted", // its sender's limit has counted it
  "kept",
  "announced", // the hints are out, the platform is told next
  "deferred", // on Discord: a command's answer says "thinking…"
  // It is answered.
  "claimed",
  "place-taken", // it shows what an earlier turn showed, and what was said there is out of the conversation
  "attachments-read", // what came with it is read and, if it was speech, paid for
  "session-opened",
  "session-cached",
  "recorded", // it stands in the conversation
  "command-run", // what it orders is done, and nobody was told
  "prompt-built", // the AI is asked next
  "typing-due",
  "typing-shown",
  "text-came",
  "draft-due",
  "draft-sent", // the room shows a part that is not noted
  "draft-noted",
  "text-ended", // the AI has said everything, a draft may be on its way
  "written",
  "saved",
  // It is sent.
  "sending",
  "calling", // right before each call to a platform, drafts and typing included
  "part-sent", // the room shows a part that is not noted
  "part-noted",
  "shown",
  "delivered",
  // Or it failed.
  "putting-back",
  "put-back",
  "apology-saved",
  "parking",
  "parked",
] as const;

export type Failpoint = (typeof failpoints)[number];

/** Called with each failpoint that a message passes. */
export type FailpointHook = (name: Failpoint, message: ChannelMessage) => void;

let hook: FailpointHook | undefined;

/** Marks the place. Does nothing, and costs as much, unless armed. */
export function failpoint(name: Failpoint, message: ChannelMessage): void {
  hook?.(name, message);
}

/** For tests, from `PARLEY_FAILPOINT`. */
export function armFailpoints(armed: FailpointHook): void {
  hook = armed;
}
