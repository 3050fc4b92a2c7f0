/** What moderators have decided for their places. */
export const places: readonly string[] = [
  `create table place_settings (
    channel text not null,
    place text not null,
    settings jsonb not null,
    changed_at timestamptz not null default now(),
    primary key (channel, place)
  )`,
];
