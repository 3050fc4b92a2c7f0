import { LeaseLostError } from "../../conversation/domain/errors.ts";
import type { ChannelMessage } from "../../conversation/domain/message.ts";
import type { FinalReply } from "../../conversation/domain/reply.ts";
import type { Turn } from "../../conversation/domain/turn.ts";
import type { Answer, Arrival, Claim, Inbox, Kept } from "../../conversation/ports/inbox.ts";
import { type Postgres, type Statement, storable, toJson } from "./connect-postgres.ts";
import { type Presence, presenceLock } from "./hold-presence.ts";

/**
 * The tables `rooms` and `turns`. `rooms.due_at` says when a room may be claimed, under the room's row lock; every
 * later write names the turn's attempt, so a lost lease writes nothing.
 */
export function postgresInbox(
  postgres: Postgres,
  { instance, isSteady }: Pick<Presence, "instance" | "isSteady">,
): Inbox {
  const { query } = postgres;

  /** Runs a write that is fenced by the attempt and answers a row when it was ours to write. */
  async function fenced<Row extends object>(
    turn: Turn,
    statement: Statement,
    values: readonly unknown[],
  ): Promise<Row> {
    const [row] = await query<Row>(statement, [turn.id, turn.attempt, ...values]);
    if (!row) throw new LeaseLostError(`turn ${turn.id} is no longer ours at attempt ${turn.attempt}`);
    return row;
  }

  return {
    async keep(arrivals) {
      const [only, ...others] = arrivals;
      if (only && others.length === 0) return [await keepOne(query, only)];
      return await postgres.transaction((query) => keepAll(query, arrivals));
    },

    async claim(roomsMax, leaseMs) {
      const rows = await query<ClaimRow>(claim, [roomsMax, leaseMs, instance]);
      for (const { room_id, id, last_seq } of rows) if (id === null) await rest(query, room_id, last_seq, instance);
      return rows.filter((row) => row.id !== null).map(readClaim);
    },

    async renew(turns, leaseMs) {
      const ids = turns.map(({ id }) => id);
      const attempts = turns.map(({ attempt }) => attempt);
      const rows = await query<{ id: string; stop_requested: boolean }>(renew, [ids, attempts, leaseMs, instance]);
      const stops = new Map(rows.map((row) => [row.id, row.stop_requested]));
      return new Map(ids.map((id) => [id, leaseState(stops.get(id))]));
    },

    async shown(turn, parts) {
      await fenced(turn, shown, [toJson(parts)]);
    },

    async answered(turn, reply, answer) {
      if (answer) await fenced(turn, answeredByModel, [toJson(reply), ...answerValues(answer)]);
      else await fenced(turn, answered, [toJson(reply)]);
    },

    async delivered(turn, parts) {
      const { more } = await fenced<{ more: boolean }>(turn, delivered, [toJson(parts)]);
      return more;
    },

    async putBack(turn, delayMs, reason) {
      await fenced(turn, putBack, [delayMs, storable(reason)]);
    },

    async park(turn, reason) {
      await fenced(turn, park, [storable(reason)]);
    },

    async freeForgotten(inHand) {
      await query(freeForgotten, [instance, inHand.map(({ id }) => id)]);
    },

    async freeAbandoned() {
      if (!isSteady()) return 0;
      const rows = await query(freeAbandoned, [instance, presenceLock]);
      return rows.length;
    },
  };
}

/** Rooms are locked in one order, so that two batches cannot wait for each other; within a room the order of arrival stays. */
async function keepAll(query: Postgres["query"], arrivals: readonly Arrival[]): Promise<Kept[]> {
  const kept: Kept[] = [];
  const inLockOrder = [...arrivals.entries()].toSorted(([, a], [, b]) => compareRooms(a.message, b.message));
  for (const [index, arrival] of inLockOrder) kept[index] = await keepOne(query, arrival);
  return kept;
}

function compareRooms(a: ChannelMessage, b: ChannelMessage): number {
  const [first, second] = [`${a.channel}/${a.room}`, `${b.channel}/${b.room}`];
  if (first === second) return 0;
  return first < second ? -1 : 1;
}

async function keepOne(query: Postgres["query"], arrival: Arrival): Promise<Kept> {
  const { channel, room, id } = arrival.message;
  const values = [channel, room, id, toJson(arrival.message)];
  const [row] = await keepBy(query, arrival, values);
  if (row?.id) return row.is_full ? "full" : "new";
  return row?.is_full && !row.is_known ? "full" : "known";
}

type KeptRow = { readonly id: string | null; readonly is_known: boolean; readonly is_full: boolean };

function keepBy(query: Postgres["query"], arrival: Arrival, values: readonly unknown[]): Promise<KeptRow[]> {
  switch (arrival.kind) {
    case "question": {
      const { turnsMax, words } = arrival.whenFull;
      return query(keepQuestion, [...values, turnsMax, words ? toJson(words) : null]);
    }
    case "stop":
      return query(keepStop, values);
    case "refusal": {
      const { reply } = arrival;
      return query(keepRefusal, [...values, reply ? "answered" : "refused", reply ? toJson(reply) : null]);
    }
  }
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

const outcome = `select (select id from kept) as id, exists (select from known) as is_known`;

/** How many wait is counted before this one, and only as far as it matters. Concurrent ones may exceed the limit by a few. */
const keepQuestion: Statement = {
  name: "keep-question",
  text: `with ${roomOfArrival}, waiting as (
    select count(*) as turns from (
      select from turns join rooms on rooms.id = turns.room_id
       where rooms.channel = $1 and rooms.room = $2 and turns.state in ('waiting', 'answered') limit $5::bigint + 1) unfinished
  ), kept as (
    insert into turns (room_id, seq, message_id, message, state, reply)
    select id, last_seq, $3, $4::jsonb,
           case when turns < $5::bigint then 'waiting' when turns = $5::bigint then 'answered' else 'refused' end,
           case when turns = $5::bigint then $6::jsonb end
      from room cross join waiting where turns < $5::bigint or $6::jsonb is not null
    on conflict (room_id, message_id) do nothing
    returning id
  ) ${outcome}, (select turns >= $5::bigint from waiting) as is_full`,
};

const keepRefusal: Statement = {
  name: "keep-refusal",
  text: `with ${roomOfArrival}, kept as (
    insert into turns (room_id, seq, message_id, message, state, reply)
    select id, last_seq, $3, $4::jsonb, $5, $6::jsonb from room
    on conflict (room_id, message_id) do nothing
    returning id
  ) ${outcome}, false as is_full`,
};

/** Ends the turn that has been begun in the room and has no reply yet. */
const keepStop: Statement = {
  name: "keep-stop",
  text: `with ${roomOfArrival}, running as (
    select turns.id from turns join room on room.id = turns.room_id
     where turns.state = 'waiting' order by turns.seq limit 1
  ), stopped as (
    update turns set stop_requested = true from running
     where turns.id = running.id and turns.state = 'waiting' and turns.attempt > 0
    returning turns.id
  ), kept as (
    insert into turns (room_id, seq, message_id, message, state, stopped_turn)
    select id, last_seq, $3, $4::jsonb, 'waiting', exists (select from stopped) from room
    on conflict (room_id, message_id) do nothing
    returning id
  ) ${outcome}, false as is_full`,
};

/** `skip locked` lets all instances claim at once; the state is checked again on the row, for the snapshot may be older than the lock. */
const claim: Statement = {
  name: "claim",
  text: `with free as (
    select id from rooms where due_at <= now() order by due_at limit $1 for update skip locked
  ), held as (
    update rooms set due_at = now() + $2::float8 * interval '1 ms', holder = $3::integer
      from free where rooms.id = free.id
    returning rooms.id, rooms.last_seq
  ), head as (
    select held.id as room_id, oldest.id from held cross join lateral (
      select id from turns where room_id = held.id and state in ('waiting', 'answered') order by seq limit 1) oldest
  ), claimed as (
    update turns set attempt = attempt + 1, crashes = crashes + 1
      from head where turns.id = head.id and turns.state in ('waiting', 'answered')
    returning turns.*
  ) select held.id as room_id, held.last_seq, claimed.id, claimed.message, claimed.attempt, claimed.crashes, claimed.stop_requested,
           claimed.stopped_turn, claimed.parts, claimed.reply, newest_part.after, (extract(epoch from now() - claimed.kept_at) * 1000)::float8 as age_ms
      from held left join claimed on claimed.room_id = held.id
      left join lateral (select parts->>-1 as after from turns
         where claimed.attempt > 1 and room_id = held.id and seq < claimed.seq and parts <> '[]' order by seq desc limit 1) newest_part on true`,
};

type ClaimRow = {
  room_id: string;
  last_seq: string;
  id: string | null;
  message: ChannelMessage;
  attempt: number;
  crashes: number;
  stop_requested: boolean;
  stopped_turn: boolean;
  parts: string[];
  after: string | null;
  reply: FinalReply | null;
  age_ms: number;
};

function readClaim(row: ClaimRow): Claim {
  const turn: Turn = {
    id: String(row.id),
    message: row.message,
    attempt: row.attempt,
    shown: row.parts,
    ...(row.after !== null && { after: row.after }),
    ageMs: Math.max(0, row.age_ms),
    ...(row.stop_requested && { stopRequested: true as const }),
    ...(row.stopped_turn && { stoppedTurn: true as const }),
    ...(row.reply && { reply: row.reply }),
  };
  return { turn, crashes: row.crashes - 1 };
}

/** A claimed room without work goes to rest, unless a message came meanwhile: then it is free at once. */
async function rest(query: Postgres["query"], roomId: string, lastSeq: string, instance: number): Promise<void> {
  await query(restRoom, [roomId, lastSeq, instance]);
}

const restRoom: Statement = {
  name: "rest-room",
  text: `update rooms set holder = null, due_at = case when last_seq = $2 and not exists (
      select from turns where room_id = $1 and state in ('waiting', 'answered')) then 'infinity' else now() end
    where id = $1 and holder = $3`,
};

/** Not what is put back already: a renewal that overtakes it would end a pause that the platform asked for. */
const renew: Statement = {
  name: "renew",
  text: `update rooms set due_at = now() + $3::float8 * interval '1 ms'
      from unnest($1::bigint[], $2::integer[]) as mine (id, attempt) join turns using (id, attempt)
     where rooms.id = turns.room_id and rooms.holder = $4::integer and turns.state in ('waiting', 'answered')
    returning turns.id, turns.stop_requested`,
};

function leaseState(stopRequested: boolean | undefined): "held" | "lost" | "stopped" {
  if (stopRequested === undefined) return "lost";
  return stopRequested ? "stopped" : "held";
}

const shown: Statement = {
  name: "shown",
  text: `update turns set parts = $3 where id = $1 and attempt = $2 and state in ('waiting', 'answered') returning id`,
};

const markAnswered = `update turns set state = 'answered', reply = $3::jsonb, answered_at = now()
     where id = $1 and attempt = $2 and state = 'waiting' returning id`;

/** A write that is repeated because nobody told that it was committed finds that it was, and changes nothing more. */
const orWas = (ended: string, result: string) =>
  `union all select ${result} from turns join rooms on rooms.id = turns.room_id where turns.id = $1 and attempt = $2 and ${ended}`;

const answeredOrWas = `select id from turn ${orWas("state = 'answered' and reply = $3::jsonb", "turns.id")}`;

const answered: Statement = { name: "answered", text: `with turn as (${markAnswered}) ${answeredOrWas}` };

const answeredByModel: Statement = {
  name: "answered-by-model",
  text: `with turn as (${markAnswered}), said as (
    insert into messages (conversation_id, turn_id, role, content, model, prompt_tokens, completion_tokens, latency_ms)
    select $4::bigint, id, 'assistant', $6, $7, $8::integer, $9::integer, $10::integer from turn on conflict (turn_id, role) do nothing
  ), active as (
    update conversations set last_activity = now() from turn where conversations.id = $4::bigint
  ), spent as (
    insert into usage (user_id, day, turns, prompt_tokens, completion_tokens)
    select $5::bigint, current_date, 1, coalesce($8::integer, 0), coalesce($9::integer, 0) from turn
    on conflict (user_id, day) do update set turns = usage.turns + 1,
      prompt_tokens = usage.prompt_tokens + excluded.prompt_tokens,
      completion_tokens = usage.completion_tokens + excluded.completion_tokens
  ) ${answeredOrWas}`,
};

function answerValues(answer: Answer): readonly unknown[] {
  return [
    answer.conversationId,
    answer.userId,
    storable(answer.text),
    answer.model,
    answer.promptTokens ?? null,
    answer.completionTokens ?? null,
    Math.round(answer.latencyMs),
  ];
}

/** The comparison of numbers is made on the locked row, so a message kept meanwhile is not overlooked. */
const freeRoom = `update rooms set holder = null, due_at = case when rooms.last_seq > turn.seq then now() else 'infinity' end
      from turn where rooms.id = turn.room_id returning due_at < 'infinity' as more`;

const delivered: Statement = {
  name: "delivered",
  text: `with turn as (
    update turns set state = 'delivered', parts = $3::jsonb, crashes = 0, ended_at = now()
     where id = $1 and attempt = $2 and state = 'answered' returning room_id, seq
  ), freed as (${freeRoom}) select more from freed ${orWas("state = 'delivered' and parts = $3::jsonb", "last_seq > seq")}`,
};

const park: Statement = {
  name: "park",
  text: `with turn as (
    update turns set state = 'parked', error = $3, crashes = 0, ended_at = now()
     where id = $1 and attempt = $2 and state in ('waiting', 'answered') returning room_id, seq
  ), freed as (${freeRoom}) select more from freed ${orWas("state = 'parked' and error = $3", "true")}`,
};

const putBack: Statement = {
  name: "put-back",
  text: `with turn as (
    update turns set error = $4, crashes = 0
     where id = $1 and attempt = $2 and state in ('waiting', 'answered') returning room_id
  ) update rooms set holder = null, due_at = now() + $3::float8 * interval '1 ms'
      from turn where rooms.id = turn.room_id returning rooms.id`,
};

/** Nobody has vanished: the count of crashes is as it was before the claim. */
const freeForgotten: Statement = {
  name: "free-forgotten",
  text: `with forgotten as (
    update rooms set holder = null, due_at = now()
     where holder = $1 and not exists (select from turns where turns.room_id = rooms.id and turns.id = any ($2::bigint[]))
    returning id
  ) update turns set crashes = greatest(crashes - 1, 0) from forgotten
     where turns.room_id = forgotten.id and turns.state in ('waiting', 'answered') and turns.crashes > 0`,
};

/** Who holds no presence lock is dead. */
const freeAbandoned: Statement = {
  name: "free-abandoned",
  text: `update rooms set holder = null, due_at = now()
     where holder is not null and holder <> $1 and holder not in (
       select objid::bigint from pg_locks
        where locktype = 'advisory' and classid = $2::bigint::oid and objsubid = 2 and granted
          and database = (select oid from pg_database where datname = current_database()))
    returning id`,
};
