import type { ChannelMessage } from "../domain/message.ts";
import type { SessionIds } from "../domain/session.ts";

/**
 * Spares the look-up of user and conversation. Only ever a hint: what it says is checked by the statement that
 * uses it, so a stale, flushed or hung cache makes us slower, never wrong. No call throws or waits long.
 */
export interface SessionCache {
  get(key: string): Promise<SessionIds | undefined>;
  /** Kept for the configured session TTL. */
  put(key: string, ids: SessionIds): Promise<void>;
  /** Starts the TTL anew, with the time of the last activity. */
  touch(key: string): Promise<void>;
  delete(key: string): Promise<void>;
}

/** `session:<channel>:<user>`; in a group or a topic `session:<channel>:<user>:<room>`, for its conversation is the room's. */
export function sessionKey({ channel, author, audience, topic, room }: ChannelMessage): string {
  const isTheirs = audience === "direct" && topic === undefined;
  return isTheirs ? `session:${channel}:${author.id}` : `session:${channel}:${author.id}:${room}`;
}
