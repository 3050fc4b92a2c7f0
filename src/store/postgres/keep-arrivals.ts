import type { Arrival, Inbox, Kept } from "../../conversation/ports/inbox.ts";
import { gather } from "../gather.ts";
import { type Postgres, type Statement, toJson } from "./connect-postgres.ts";
import { keepRevision } from "./keep-revision.ts";
import { lockOrder } from "./lock-order.ts";

/** `Inbox.keep`: questions that come at the same time are kept by one statement, whatever else comes by one each. */
export function keepArrivals({ query, transaction }: Postgres): Inbox["keep"] {
  const keepGathered = gather<Question, Kept>({ run: (batch) => keepQuestions(query, batch), sizeMax, keyOf: roomOf });

  return async (arrivals) => {
    const [only, ...others] = arrivals;
    if (!only) return []; // all were refused at the door: nothing to begin a transaction for
    if (others.length > 0 || only.kind === "revision") return await transaction((query) => keepAll(query, arrivals));
    return [only.kind === "question" ? await keepGathered(only) : await keepOne(query, only)];
  };
}

/** As many as are gathered into one statement. */
const sizeMax = 64;

type Question = Arrival & { readonly kind: "question" };

function roomOf({ message }: Arrival): string {
  return `${message.channel}/${message.room}`;
}

/** In the lock order of rooms; within a room the order of arrival stays. */
async function keepAll(query: Postgres["query"], arrivals: readonly Arrival[]): Promise<Kept[]> {
  const kept: Kept[] = [];
  const inLockOrder = [...arrivals.entries()].toSorted(([, a], [, b]) => compareRooms(a, b));
  for (const [index, arrival] of inLockOrder) kept[index] = await keepOne(query, arrival);
  return kept;
}

/** As "C" collates, which is the order of the locks. */
function compareRooms(a: Arrival, b: Arrival): number {
  const [first, second] = [roomOf(a), roomOf(b)];
  if (first === second) return 0;
  return first < second ? -1 : 1;
}

async function keepOne(query: Postgres["query"], arrival: Arrival): Promise<Kept> {
  if (arrival.kind === "question") return (await keepQuestions(query, [arrival]))[0] ?? "known";
  if (arrival.kind === "revision") return await keepRevision(query, arrival);
  const [row] = await query<{ state: string }>(...keepingOf(arrival));
  if (!row) return "known";
  return arrival.kind === "stop" && row.state === "refused" ? "full" : "new";
}

function keepingOf(
  arrival: Exclude<Arrival, { kind: "question" | "revision" }>,
): readonly [Statement, readonly unknown[]] {
  const { channel, room, id } = arrival.message;
  const values = [channel, room, id, toJson(arrival.message)];
  switch (arrival.kind) {
    case "stop": {
      const { about } = arrival.message;
      return [keepStop, [...values, about?.kind === "pressed" ? about.turnId : null, arrival.turnsMax]];
    }
    case "refusal": {
      const { reply } = arrival;
      return [keepRefusal, [...values, reply ? "answered" : "refused", reply ? toJson(reply) : null]];
    }
  }
}

type KeptRow = {
  readonly n: string;
  readonly id: string | null;
  readonly is_known: boolean;
  readonly is_full: boolean;
  readonly is_queued: boolean | null;
  readonly is_joined: boolean;
};

/** Each room once at most. */
async function keepQuestions(query: Postgres["query"], questions: readonly Question[]): Promise<Kept[]> {
  const rows = await query<KeptRow>(keepQuestion, [
    questions.map(({ message }) => message.channel),
    questions.map(({ message }) => message.room),
    questions.map(({ message }) => message.id),
    questions.map(({ message }) => toJson(message)),
    questions.map(({ whenFull }) => whenFull.turnsMax),
    questions.map(({ whenFull }) => (whenFull.words ? toJson(whenFull.words) : null)),
    questions.map(({ message }) => message.joins?.key ?? null),
    questions.map(({ message }) => message.joins?.windowMs ?? 0),
    questions.map(({ yields }) => yields === true),
  ]);
  return rows.map(keptOf);
}

function keptOf({ id, is_known, is_full, is_queued, is_joined }: KeptRow): Kept {
  if (!id) return is_full && !is_known ? "full" : "known";
  if (is_joined) return "joined";
  if (is_full) return "full";
  return is_queued ? "queued" : "new";
}

/** The room's row is taken before the turn's number, so numbers are in the order of commits. */
const roomOfArrival = `known as (
    select from turns join rooms on rooms.id = turns.room_id
     where rooms.channel = $1 and rooms.room = $2 and turns.message_id = $3
  ), room as (
    insert into rooms (channel, room, last_seq, due_at)
    select $1, $2, 1, now() where not exists (select from known)
    on conflict (channel, room) do update
      set last_seq = rooms.last_seq + 1,
          due_at = case when rooms.due_at = 'infinity' then now() else rooms.due_at end
    returning id, last_seq
  )`;

/** So many numbers after its first message a turn takes in others at most. */
const joinedMax = 20;

/**
 * Whether a message that waits for its neighbours begins a turn of its own, instead of joining the one whose neighbour it is. That
 * one nobody has claimed: a claim takes its key away, under the same lock.
 */
const opensJoin = `(excluded.join_until is not null and (rooms.join_key is distinct from excluded.join_key
      or rooms.join_until <= now() or rooms.last_seq - rooms.join_seq >= ${joinedMax}))`;

/**
 * How many wait is counted before this one; concurrent ones may exceed the limit by a few. Rooms are locked in one order, as
 * everywhere where a statement locks several.
 */
const keepQuestion: Statement = {
  name: "keep-question",
  text: `with arrival as (
    select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::integer[], $9::boolean[])
      with ordinality as arrival (channel, room, message_id, message, turns_max, words, join_key, join_ms, yields, n)
  ), known as (
    select n from arrival join rooms using (channel, room)
      join turns on turns.room_id = rooms.id and turns.message_id = arrival.message_id
  ), waiting as (
    select n, (select count(*) from turns join rooms on rooms.id = turns.room_id
                where rooms.channel = arrival.channel and rooms.room = arrival.room
                  and turns.state in ('waiting', 'answered')) as turns from arrival
  ), room as (
    insert into rooms (channel, room, last_seq, due_at, yields, join_key, join_seq, join_until)
    select channel, room, 1, now() + join_ms * interval '1 ms', yields, case when join_ms > 0 then join_key end,
           case when join_ms > 0 then 1 end, case when join_ms > 0 then now() + join_ms * interval '1 ms' end
      from arrival where n not in (select n from known)
     ${lockOrder("channel", "room")}
    on conflict (channel, room) do update
      set last_seq = rooms.last_seq + 1, yields = excluded.yields,
          join_key = case when ${opensJoin} then excluded.join_key else rooms.join_key end,
          join_seq = case when ${opensJoin} then rooms.last_seq + 1 else rooms.join_seq end,
          join_until = case when excluded.join_until is null then rooms.join_until
            when ${opensJoin} then excluded.join_until else greatest(rooms.join_until, excluded.join_until) end,
          due_at = case when rooms.due_at = 'infinity' then excluded.due_at
            when not ${opensJoin} and rooms.due_at = rooms.join_until then greatest(rooms.due_at, excluded.join_until)
            else rooms.due_at end
    returning id, channel, room, last_seq, join_key, join_seq, join_until
  ), place as (
    select room.id as room_id, last_seq as seq, n, message_id, message, turns, turns_max, words,
           case when room.join_key = arrival.join_key and join_seq < last_seq and join_until > now()
             and last_seq - join_seq <= ${joinedMax} then join_seq end as joins_seq
      from room join arrival using (channel, room) join waiting using (n)
  ), kept as (
    insert into turns (room_id, seq, message_id, message, state, reply, joins_seq, queued)
    select room_id, seq, message_id, message::jsonb,
           case when joins_seq is not null then 'joined' when turns < turns_max then 'waiting'
             when turns = turns_max then 'answered' else 'refused' end,
           case when joins_seq is null and turns = turns_max then words::jsonb end, joins_seq, joins_seq is null and turns > 0
      from place where turns < turns_max or words is not null or joins_seq is not null
    on conflict (room_id, message_id) do nothing
    returning id, room_id, queued, joins_seq
  ) select n, kept.id, n in (select n from known) as is_known, queued as is_queued,
           kept.joins_seq is not null as is_joined, turns >= turns_max as is_full
      from arrival join waiting using (n) left join room using (channel, room) left join kept on kept.room_id = room.id
     order by n`,
};

const keepRefusal: Statement = {
  name: "keep-refusal",
  text: `with ${roomOfArrival}, kept as (
    insert into turns (room_id, seq, message_id, message, state, reply)
    select id, last_seq, $3, $4::jsonb, $5, $6::jsonb from room
    on conflict (room_id, message_id) do nothing
    returning state
  ) select state from kept`,
};

/**
 * Ends the turn that has been begun in the room and has no reply yet; a button only the one under whose answer it stands. It is ended
 * also where too many wait for an answer to the stop itself.
 */
const keepStop: Statement = {
  name: "keep-stop",
  text: `with ${roomOfArrival}, running as (
    select turns.id from turns join room on room.id = turns.room_id
     where turns.state = 'waiting' and ($5::bigint is null or turns.id = $5) order by turns.seq limit 1
  ), stopped as (
    update turns set stop_requested = true from running
     where turns.id = running.id and turns.state = 'waiting' and turns.attempt > 0
    returning turns.id
  ), waiting as (
    select count(*) as turns from turns join room on room.id = turns.room_id where turns.state in ('waiting', 'answered')
  ), kept as (
    insert into turns (room_id, seq, message_id, message, state, stopped_turn)
    select id, last_seq, $3, $4::jsonb, case when turns < $6::bigint then 'waiting' else 'refused' end, exists (select from stopped)
      from room, waiting
    on conflict (room_id, message_id) do nothing
    returning state
  ) select state from kept`,
};
