import { LeaseLostError } from "../../conversation/domain/errors.ts";
import type { Json } from "../../conversation/domain/json.ts";
import type { ChannelMessage } from "../../conversation/domain/message.ts";
import type { ReceiverMemory } from "../../conversation/ports/receiver-memory.ts";
import { type Postgres, type Statement, toJson } from "./connect-postgres.ts";

/** The tables `receiver_memory` and `allowances`; rooms and turns are only read. */
export function postgresReceiverMemory({ query }: Postgres): ReceiverMemory {
  return {
    async open({ name, fence }) {
      const [row] = await query<{ memory: Json | null }>(open, [name, fence]);
      if (!row) throw new LeaseLostError(`the memory of ${name} belongs to a newer holder than ${fence}`);
      return row.memory ?? undefined;
    },
    async save({ name, fence }, memory) {
      const [row] = await query(save, [name, fence, toJson(memory)]);
      if (!row) throw new LeaseLostError(`the memory of ${name} belongs to a newer holder than ${fence}`);
    },
    async spend(name, max, periodMs) {
      const [row] = await query<{ granted: boolean; wait_ms: number | null }>(spend, [name, max, periodMs]);
      if (row?.granted) return 0;
      return Math.max(Math.ceil(row?.wait_ms ?? 0), waitMsMin);
    },
    async newestMessages(channel, roomPrefix, roomsMax) {
      const rows = await query<{ message: ChannelMessage }>(newestMessages, [channel, roomPrefix, roomsMax]);
      return rows.map(({ message }) => message);
    },
    async findMessage(channel, rooms, id) {
      const [row] = await query<{ message: ChannelMessage }>(findMessage, [channel, rooms, id]);
      return row?.message;
    },
  };
}

/** Another instance was faster: ask again, but not at once. */
const waitMsMin = 100;

/** The fence stands in the row that it guards, so the row's lock decides between an old holder's write and the new one's first look. */
const open: Statement = {
  name: "open-receiver-memory",
  text: `insert into receiver_memory as known (name, fence) values ($1, $2::bigint)
    on conflict (name) do update set fence = excluded.fence where known.fence <= excluded.fence
    returning memory`,
};

const save: Statement = {
  name: "save-receiver-memory",
  text: `update receiver_memory set memory = $3::jsonb, saved_at = now() where name = $1 and fence = $2::bigint returning name`,
};

/** A sliding window by the database's clock; the row's lock lets one instance count at a time. */
const spend: Statement = {
  name: "spend-allowance",
  text: `with granted as (
    insert into allowances as known (name, spent) values ($1, array[clock_timestamp()])
    on conflict (name) do update
      set spent = array(select at from unnest(known.spent) at where at > now() - $3::float8 * interval '1 ms' order by at) || clock_timestamp()
      where (select count(*) from unnest(known.spent) at where at > now() - $3::float8 * interval '1 ms') < $2::integer
    returning name
  ) select exists (select from granted) as granted,
           (select extract(epoch from at - now())::float8 * 1000 + $3::float8 from allowances, unnest(spent) at
             where name = $1 order by at desc offset $2::integer - 1 limit 1) as wait_ms`,
};

/** Of more rooms those that are new are looked at: a look takes some microseconds, and a statement has its limit. */
const roomsSeenMax = 200_000;

/** One look into an index for each of the bot's rooms there: other channels, however busy, change nothing. */
const newestMessages: Statement = {
  name: "newest-messages",
  text: `with own as (
    select id from rooms where channel = $1 and starts_with(room, $2) order by id desc limit ${roomsSeenMax}
  ) select newest.message from own cross join lateral (
      select id, message from turns where turns.room_id = own.id order by seq desc limit 1) as newest
     order by newest.id desc limit $3`,
};

const findMessage: Statement = {
  name: "find-message",
  text: `select turns.message from rooms join turns on turns.room_id = rooms.id
    where rooms.channel = $1 and rooms.room = any($2::text[]) and turns.message_id = $3 limit 1`,
};
