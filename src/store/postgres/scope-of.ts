import type { ChannelMessage } from "../../conversation/domain/message.ts";

type Placed = Pick<ChannelMessage, "audience" | "author" | "room" | "topic">;

/** Whose conversation it is: in a direct room the person's, wherever it is, but for topics; in a group the room's. */
export function scopeOf({ audience, author, room, topic }: Placed): string {
  if (audience === "group") return `room:${room}`;
  return topic === undefined ? `user:${author.id}` : `user:${author.id}/${topic}`;
}
