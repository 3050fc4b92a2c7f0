import type { ChannelMessage } from "../../conversation/domain/message.ts";

/** Whose conversation it is: in a direct room the person's, wherever it is; in a group the room's. */
export function scopeOf({ audience, author, room }: Pick<ChannelMessage, "audience" | "author" | "room">): string {
  return audience === "direct" ? `user:${author.id}` : `room:${room}`;
}
