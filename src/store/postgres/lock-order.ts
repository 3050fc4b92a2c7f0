/** Who locks several rooms locks them in one order, and a room before its turns: else two could wait for each other. */
export function lockOrder(channel: string, room: string): string {
  return `order by (${channel} || '/' || ${room}) collate "C"`;
}

/** Ends a query that locks rows of `rooms`. */
export const inLockOrder = `${lockOrder("rooms.channel", "rooms.room")} for update of rooms`;
