/**
 * Rooms whose newest question yields: its sender has written a lot in the last minute. A version before this one treats all rooms
 * alike, and while both run it reads the rooms without its index.
 */
export const fairShares: readonly string[] = [
  `alter table rooms add column yields boolean not null default false`,
  `create index rooms_due_by_share on rooms (yields, due_at) where due_at < 'infinity'`,
  `drop index rooms_due`,
];
