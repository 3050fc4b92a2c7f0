import type { ChannelMessage } from "../../conversation/domain/message.ts";

/**
 * Lets a comment wait for what it is about: Telegram's apps send it just before what is passed on with it. What came with it at once is
 * all that tells it from other messages, and those are not to wait.
 */
export function joinComments(messages: readonly ChannelMessage[]): readonly ChannelMessage[] {
  return messages.map((message, index) => {
    const next = messages.slice(index + 1).find((other) => isNeighbour(message, other));
    return message.joins?.windowMs === 0 && next?.forwarded && next.joins && isAtOnce(message, next)
      ? { ...message, joins: next.joins }
      : message;
  });
}

function isNeighbour({ room, author }: ChannelMessage, other: ChannelMessage): boolean {
  return other.room === room && other.author.id === author.id;
}

/** Telegram's dates are whole seconds. */
function isAtOnce(comment: ChannelMessage, forward: ChannelMessage): boolean {
  return forward.sentAtMs - comment.sentAtMs <= 1_000;
}
