/**
 * Rooms that were found shut to the bot: when, why, and up to which turn that counts. What is kept later is in nobody's way, so
 * whoever keeps has nothing to clear; a version before this one parks those turns one by one, as it always did.
 */
export const shutRooms: readonly string[] = [
  `alter table rooms add column shut_at timestamptz, add column shut_seq bigint, add column shut_reason text`,
];
