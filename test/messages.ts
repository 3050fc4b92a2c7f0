import { randomUUID } from "node:crypto";
import type { ChannelMessage } from "../src/conversation/domain/message.ts";
import type { Spoken } from "../src/conversation/domain/session.ts";
import { spokenText } from "../src/conversation/domain/spoken-text.ts";
import type { Turn } from "../src/conversation/domain/turn.ts";

/** A message as a channel would hand it over; each call makes another one. */
export function message(given: Partial<ChannelMessage> = {}): ChannelMessage {
  return {
    channel: "web",
    room: "room",
    id: randomUUID(),
    author: { id: "ada", name: "Ada" },
    text: "hello",
    audience: "direct",
    address: null,
    sentAtMs: Date.now(),
    ...given,
  };
}

/** What a turn's message says when nothing came with it that must be read first. */
export function says({ message }: Pick<Turn, "message">): Spoken {
  return { text: spokenText(message), attachments: [] };
}
