/** Users, conversations, messages; rooms and turns, the inbox; what operators set; who receives. */
export const first: readonly string[] = [
  `create table users (
    id bigint generated always as identity primary key,
    channel text not null,
    channel_user_id text not null,
    name text not null,
    preferred_model text,
    language text,
    settings jsonb not null default '{}',
    created_at timestamptz not null default now(),
    unique (channel, channel_user_id)
  )`,

  // scope: "user:<id>" in a direct room, "room:<room>" in a group.
  `create table conversations (
    id bigint generated always as identity primary key,
    channel text not null,
    scope text not null,
    model_override text,
    persona text,
    is_active boolean not null default true,
    started_at timestamptz not null default now(),
    last_activity timestamptz not null default now()
  )`,
  `create unique index conversations_active on conversations (channel, scope) where is_active`,

  // due_at alone decides whether a room can be claimed: now when a turn waits, the lease's end while one is held,
  // later when it was put back, infinity when nothing is left to do. So the index holds only rooms with work.
  // last_seq counts the room's turns under the row's lock: their order is the order of commits.
  `create table rooms (
    id bigint generated always as identity primary key,
    channel text not null,
    room text not null,
    last_seq bigint not null default 0,
    due_at timestamptz not null default 'infinity',
    holder integer,
    unique (channel, room)
  ) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500)`,
  `create index rooms_due on rooms (due_at) where due_at < 'infinity'`,
  `create index rooms_held on rooms (holder) where holder is not null`,

  `create table turns (
    id bigint generated always as identity primary key,
    room_id bigint not null references rooms,
    seq bigint not null,
    message_id text not null,
    message jsonb not null,
    state text not null check (state in ('waiting', 'answered', 'delivered', 'parked', 'refused')),
    attempt integer not null default 0,
    crashes integer not null default 0,
    stop_requested boolean not null default false,
    stopped_turn boolean not null default false,
    parts jsonb not null default '[]',
    reply jsonb,
    error text,
    kept_at timestamptz not null default now(),
    answered_at timestamptz,
    ended_at timestamptz,
    unique (room_id, message_id),
    unique (room_id, seq)
  ) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05)`,
  `create index turns_unfinished on turns (room_id, seq) where state in ('waiting', 'answered')`,
  `create index turns_parked on turns (id) where state = 'parked'`,

  // Appended in the order of the room's turns, one at a time, so the id orders a conversation also at equal times.
  `create table messages (
    id bigint generated always as identity primary key,
    conversation_id bigint not null references conversations,
    turn_id bigint not null references turns,
    role text not null check (role in ('user', 'assistant')),
    user_id bigint references users,
    author text,
    content text not null,
    attachments jsonb not null default '[]',
    model text,
    prompt_tokens integer,
    completion_tokens integer,
    latency_ms integer,
    cost numeric,
    created_at timestamptz not null default now(),
    unique (turn_id, role)
  )`,
  `create index messages_of_conversation on messages (conversation_id, id)`,

  `create table channel_settings (
    channel text primary key,
    default_model text,
    settings jsonb not null default '{}'
  )`,

  `create table usage (
    user_id bigint not null references users,
    day date not null,
    turns integer not null default 0,
    prompt_tokens bigint not null default 0,
    completion_tokens bigint not null default 0,
    cost numeric not null default 0,
    primary key (user_id, day)
  )`,

  // Which instance receives for a channel. The fence grows with each hand-over.
  `create table leases (
    name text primary key,
    holder integer not null,
    fence bigint not null default 1,
    expires_at timestamptz not null
  )`,
];
