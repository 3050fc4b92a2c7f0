import { randomUUID } from "node:crypto";
import type { ChannelMessage } from "../src/conversation/domain/message.ts";

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
