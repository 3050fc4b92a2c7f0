/** What receivers remember, and what all instances together may not do too often. */
export const receivers: readonly string[] = [
  // Written up to once a second by the holder of the lease of the same name; the fence keeps earlier holders out.
  `create table receiver_memory (
    name text primary key,
    fence bigint not null,
    memory jsonb,
    saved_at timestamptz not null default now()
  ) with (fillfactor = 50, autovacuum_vacuum_threshold = 500)`,

  // When it was done, oldest first, as far back as the allowance counts.
  `create table allowances (
    name text primary key,
    spent timestamptz[] not null
  )`,
];
