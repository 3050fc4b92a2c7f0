import { LeaseLostError } from "../../conversation/domain/errors.ts";
import { joinMessages } from "../../conversation/domain/join-messages.ts";
import type { ChannelMessage } from "../../conversation/domain/message.ts";
import type { FinalReply } from "../../conversation/domain/reply.ts";
import type { Turn } from "../../conversation/domain/turn.ts";
import type { Answer, Arrival, Claim, Inbox, Kept } from "../../conversation/ports/inbox.ts";
import { gather } from "../gather.ts";
import { type Postgres, type Statement, storable, toJson } from "./connect-postgres.ts";
import { type HeldPresence, presenceLock } from "./hold-presence.ts";

/**
 * The tables `rooms` and `turns`. `rooms.due_at` says when a room may be claimed, under the room's row lock; every
 * later write names the turn's attempt, so a lost lease writes nothing.
 */
export function postgresInbox(
  postgres: Postgres,
  { instance, isSteady }: Pick<HeldPresence, "instance" | "isSteady">,
  unseenMsMax = aSweepMs,
): Inbox {
  const { query } = postgres;
  let claims = 0;
  let unseenSinceMs: ReadonlyMap<number, number> = new Map();

  /** Runs a write that is fenced by the attempt and answers a row when it was ours to write. */
  async function fenced<Row extends object>(
    turn: Turn,
    statement: Statement,
    values: readonly unknown[],
  ): Promise<Row> {
    const [row] = await query<Row>(statement, [turn.id, turn.attempt, ...values]);
    if (!row) throw leaseLost(turn);
    return row;
  }

  const keepGathered = gather<Question, Kept>({ run: (batch) => keepQuestions(query, batch), sizeMax, keyOf: roomOf });
  const answeredGathered = gather<Answered, boolean>({
    run: (batch) => markAllAnswered(query, batch),
    sizeMax,
    keyOf: ({ turn }) => turn.id,
  });
  const deliveredGathered = gather<Delivered, { more: boolean } | undefined>({
    run: (batch) => markAllDelivered(query, batch),
    sizeMax,
    keyOf: ({ turn }) => turn.id,
  });

  /** Holders that hold no presence lock, and did not a moment ago: one that only lost its connection is back by then. */
  const longUnseen = async (): Promise<readonly number[]> => {
    const unseen = await query<{ holder: number }>(findUnseen, [instance, presenceLock]);
    const nowMs = performance.now();
    unseenSinceMs = new Map(unseen.map(({ holder }) => [holder, unseenSinceMs.get(holder) ?? nowMs]));
    return [...unseenSinceMs].filter(([, sinceMs]) => nowMs - sinceMs >= unseenMsMax).map(([holder]) => holder);
  };

  return {
    async keep(arrivals) {
      const [only, ...others] = arrivals;
      if (!only) return []; // all were refused at the door: nothing to begin a transaction for
      if (others.length === 0)
        return [only.kind === "question" ? await keepGathered(only) : await keepOne(query, only)];
      return await postgres.transaction((query) => keepAll(query, arrivals));
    },

    async claim(roomsMax, leaseMs) {
      claims += 1;
      const rows = await query<ClaimRow>(claim, [roomsMax, leaseMs, instance, claims % yieldingEvery === 0]);
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
      if (!answer) await fenced(turn, answered, [toJson(reply)]);
      else if (!(await answeredGathered({ turn, reply, answer }))) throw leaseLost(turn);
    },

    async delivered(turn, parts) {
      const freed = await deliveredGathered({ turn, parts });
      if (!freed) throw leaseLost(turn);
      return freed.more;
    },

    async putBack(turn, delayMs, reason) {
      await fenced(turn, putBack, [delayMs, storable(reason)]);
    },

    async park(turn, reason) {
      await fenced(turn, park, [storable(reason)]);
    },

    async shut(turn, reason) {
      await fenced(turn, shut, [storable(reason)]);
    },

    async freeForgotten(inHand) {
      await query(freeForgotten, [instance, inHand.map(({ id }) => id)]);
    },

    async freeAbandoned() {
      if (!isSteady()) return 0;
      const dead = await longUnseen();
      return dead.length === 0 ? 0 : (await query(freeAbandoned, [dead, presenceLock])).length;
    },
  };
}

/** How long a holder may hold no presence lock before it counts as dead: found at one sweep, freed at the next. */
const aSweepMs = 900;

/** One claim in so many begins with the rooms that yield, so that these come on too when the others never end. */
const yieldingEvery = 8;

/** As many as are gathered into one statement. */
const sizeMax = 64;

type Question = Arrival & { readonly kind: "question" };
type Answered = { readonly turn: Turn; readonly reply: FinalReply; readonly answer: Answer };
type Delivered = { readonly turn: Turn; readonly parts: readonly string[] };

function roomOf({ message }: Arrival): string {
  return `${message.channel}/${message.room}`;
}

function leaseLost({ id, attempt }: Turn): LeaseLostError {
  return new LeaseLostError(`turn ${id} is no longer ours at attempt ${attempt}`);
}

/** In the lock order of rooms; within a room the order of arrival stays. */
async function keepAll(query: Postgres["query"], arrivals: readonly Arrival[]): Promise<Kept[]> {
  const kept: Kept[] = [];
  const inLockOrder = [...arrivals.entries()].toSorted(([, a], [, b]) => compareRooms(a, b));
  for (const [index, arrival] of inLockOrder) kept[index] = await keepOne(query, arrival);
  return kept;
}

/** As "C" collates, which is the order below too. */
function compareRooms(a: Arrival, b: Arrival): number {
  const [first, second] = [roomOf(a), roomOf(b)];
  if (first === second) return 0;
  return first < second ? -1 : 1;
}

async function keepOne(query: Postgres["query"], arrival: Arrival): Promise<Kept> {
  if (arrival.kind === "question") return (await keepQuestions(query, [arrival]))[0] ?? "known";
  const [row] = await query<{ id: string | null }>(...keepingOf(arrival));
  return row?.id ? "new" : "known";
}

function keepingOf(arrival: Exclude<Arrival, Question>): readonly [Statement, readonly unknown[]] {
  const { channel, room, id } = arrival.message;
  const values = [channel, room, id, toJson(arrival.message)];
  switch (arrival.kind) {
    case "stop":
      return [keepStop, values];
    case "revision":
      return [keepRevision, [...values, arrival.messageId, arrival.withinMs]];
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

/** Who locks several rooms locks them in one order, and a room before its turns: else two could wait for each other. */
const lockOrder = (channel: string, room: string) => `order by (${channel} || '/' || ${room}) collate "C"`;
const inLockOrder = `${lockOrder("rooms.channel", "rooms.room")} for update of rooms`;
const roomOfTurn = `room as (
    select rooms.id from rooms join turns on turns.room_id = rooms.id where turns.id = $1 for update of rooms
  )`;

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
    returning id
  ) select id from kept`,
};

/**
 * An edit or a deletion, if what it is about is known, and young enough. A turn that is being answered is stopped; one that nobody has
 * begun is not answered at all.
 */
const keepRevision: Statement = {
  name: "keep-revision",
  text: `with original as (
    select turns.id, turns.room_id from turns join rooms on rooms.id = turns.room_id
     where rooms.channel = $1 and rooms.room = $2 and turns.message_id = $5 and turns.state <> 'refused'
       and ($6::float8 is null or turns.kept_at > now() - $6::float8 * interval '1 ms')
       and not exists (select from turns known where known.room_id = rooms.id and known.message_id = $3)
  ), room as (
    update rooms set last_seq = last_seq + 1, due_at = case when due_at = 'infinity' then now() else due_at end
      from original where rooms.id = original.room_id
    returning rooms.id, last_seq
  ), ended as (
    update turns set stop_requested = attempt > 0, state = case when attempt > 0 then state else 'refused' end,
           ended_at = case when attempt > 0 then ended_at else now() end
      from original, room where turns.id = original.id and turns.state = 'waiting'
  ), kept as (
    insert into turns (room_id, seq, message_id, message, state)
    select id, last_seq, $3, $4::jsonb, 'waiting' from room
    on conflict (room_id, message_id) do nothing
    returning id
  ) select id from kept`,
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
  ) select id from kept`,
};

/** `< 'infinity'` changes nothing but the cost: without it the planner does not see that the partial index holds every row it seeks. */
const dueRooms = (share: string) =>
  `select id from rooms where yields = ${share} and due_at <= now() and due_at < 'infinity' order by due_at limit $1 for update skip locked`;

/**
 * `skip locked` lets all instances claim at once; the state is checked again on the row, for the snapshot may be older than the lock.
 * Two shares, each with its own end of the index: of the second only as many rows are read, and locked, as the first leaves over.
 */
const claim: Statement = {
  name: "claim",
  text: `with first as (${dueRooms("$4")}), second as (${dueRooms("(not $4)")}), free as (
    select id from (select id from first union all select id from second) due limit $1
  ), held as (
    update rooms set due_at = now() + $2::float8 * interval '1 ms', holder = $3::integer,
           join_key = case when join_key is not null and join_seq is distinct from (
             select seq from turns where room_id = rooms.id and state in ('waiting', 'answered') order by seq limit 1) then join_key end
      from free where rooms.id = free.id
    returning rooms.id, rooms.last_seq, rooms.shut_seq, rooms.shut_reason
  ), head as (
    select held.id as room_id, oldest.id from held cross join lateral (
      select id from turns where room_id = held.id and state in ('waiting', 'answered') order by seq limit 1) oldest
  ), claimed as (
    update turns set attempt = attempt + 1, crashes = crashes + 1
      from head where turns.id = head.id and turns.state in ('waiting', 'answered')
    returning turns.*
  ) select held.id as room_id, held.last_seq, claimed.id, claimed.message, claimed.attempt, claimed.crashes, claimed.stop_requested,
           claimed.stopped_turn, claimed.parts, claimed.reply, claimed.queued, newest_part.after, newest_part.buttons_at,
           neighbours.joined, (extract(epoch from now() - claimed.kept_at) * 1000)::float8 as age_ms,
           case when claimed.seq <= held.shut_seq then held.shut_reason end as shut
      from held left join claimed on claimed.room_id = held.id
      left join lateral (select parts->>-1 as after, case when reply ? 'buttons' then parts->>-1 end as buttons_at from turns
         where room_id = held.id and seq < claimed.seq and parts <> '[]' order by seq desc limit 1) newest_part on true
      left join lateral (select jsonb_agg(message order by seq) as joined from turns
         where room_id = held.id and joins_seq = claimed.seq) neighbours on true`,
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
  queued: boolean;
  buttons_at: string | null;
  joined: ChannelMessage[] | null;
  age_ms: number;
  shut: string | null;
};

function readClaim(row: ClaimRow): Claim {
  const turn: Turn = {
    id: String(row.id),
    message: joinMessages(row.message, row.joined ?? []),
    attempt: row.attempt,
    shown: row.parts,
    after: row.after ?? "0",
    ...(row.buttons_at && { buttonsAt: row.buttons_at }),
    ageMs: Math.max(0, row.age_ms),
    ...(row.stop_requested && { stopRequested: true as const }),
    ...(row.stopped_turn && { stoppedTurn: true as const }),
    ...(row.queued && { wasQueued: true as const }),
    ...(row.reply && { reply: row.reply }),
  };
  return { turn, crashes: row.crashes - 1, ...(row.shut !== null && { shut: row.shut }) };
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
  text: `with mine as (
    select rooms.id as room_id, turns.id, turns.stop_requested
      from unnest($1::bigint[], $2::integer[]) as hand (id, attempt) join turns using (id, attempt) join rooms on rooms.id = turns.room_id
     where rooms.holder = $4::integer and turns.state in ('waiting', 'answered') ${inLockOrder}
  ) update rooms set due_at = now() + $3::float8 * interval '1 ms' from mine where rooms.id = mine.room_id
    returning mine.id, mine.stop_requested`,
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
  text: `with mine as (
    select * from unnest($1::bigint[], $2::integer[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::integer[], $9::integer[], $10::integer[])
      as mine (id, attempt, reply, conversation_id, user_id, content, model, prompt_tokens, completion_tokens, latency_ms)
  ), room as (
    select mine.* from mine join turns using (id, attempt) join rooms on rooms.id = turns.room_id ${inLockOrder}
  ), turn as (
    update turns set state = 'answered', reply = room.reply::jsonb, answered_at = now() from room
     where turns.id = room.id and turns.attempt = room.attempt and turns.state = 'waiting' returning room.*
  ), said as (
    insert into messages (conversation_id, turn_id, role, content, model, prompt_tokens, completion_tokens, latency_ms)
    select conversation_id, id, 'assistant', content, model, prompt_tokens, completion_tokens, latency_ms from turn
    on conflict (turn_id, role) do nothing
  ), active as (
    update conversations set last_activity = now() from turn where conversations.id = turn.conversation_id
  ), spent as (
    insert into usage (user_id, day, turns, prompt_tokens, completion_tokens)
    select user_id, current_date, count(*), coalesce(sum(prompt_tokens), 0), coalesce(sum(completion_tokens), 0)
      from turn group by user_id order by user_id
    on conflict (user_id, day) do update set turns = usage.turns + excluded.turns,
      prompt_tokens = usage.prompt_tokens + excluded.prompt_tokens,
      completion_tokens = usage.completion_tokens + excluded.completion_tokens
  ) select id from turn union all
    select id from mine join turns using (id, attempt) where turns.state = 'answered' and turns.reply = mine.reply::jsonb`,
};

/** @returns for each, whether it was ours to write */
async function markAllAnswered(query: Postgres["query"], batch: readonly Answered[]): Promise<boolean[]> {
  const rows = await query<{ id: string }>(answeredByModel, [
    batch.map(({ turn }) => turn.id),
    batch.map(({ turn }) => turn.attempt),
    batch.map(({ reply }) => toJson(reply)),
    batch.map(({ answer }) => answer.conversationId),
    batch.map(({ answer }) => answer.userId),
    batch.map(({ answer }) => storable(answer.text)),
    batch.map(({ answer }) => answer.model),
    batch.map(({ answer }) => answer.promptTokens ?? null),
    batch.map(({ answer }) => answer.completionTokens ?? null),
    batch.map(({ answer }) => Math.round(answer.latencyMs)),
  ]);
  const written = new Set(rows.map(({ id }) => id));
  return batch.map(({ turn }) => written.has(turn.id));
}

/**
 * The comparison of numbers is made on the locked row, so a message kept meanwhile is not overlooked; one that waits for its neighbours
 * is left its time.
 */
const freed = `holder = null, due_at = case when rooms.last_seq <= turn.seq then 'infinity'
        when rooms.join_key is not null and rooms.join_seq > turn.seq then greatest(now(), rooms.join_until) else now() end`;
const ofTurn = `from turn where rooms.id = turn.room_id returning due_at < 'infinity' as more`;
const freeRoom = `update rooms set ${freed} ${ofTurn}`;
/** For all that has a number by now, which the locked row knows too. */
const shutRoom = `update rooms set ${freed}, shut_at = now(), shut_seq = rooms.last_seq, shut_reason = $3 ${ofTurn}`;

const delivered: Statement = {
  name: "delivered",
  text: `with mine as (
    select * from unnest($1::bigint[], $2::integer[], $3::text[]) as mine (id, attempt, parts)
  ), room as (
    select mine.* from mine join turns using (id, attempt) join rooms on rooms.id = turns.room_id ${inLockOrder}
  ), turn as (
    update turns set state = 'delivered', parts = room.parts::jsonb, crashes = 0, ended_at = now() from room
     where turns.id = room.id and turns.attempt = room.attempt and turns.state = 'answered'
    returning turns.id as turn_id, room_id, seq
  ), freed as (${freeRoom}, turn.turn_id as id)
  select id, more from freed union all
  select turns.id, last_seq > seq from mine join turns using (id, attempt) join rooms on rooms.id = turns.room_id
   where turns.state = 'delivered' and turns.parts = mine.parts::jsonb`,
};

/** @returns for each, whether its room has more; undefined where it was not ours to write */
async function markAllDelivered(
  query: Postgres["query"],
  batch: readonly Delivered[],
): Promise<({ more: boolean } | undefined)[]> {
  const rows = await query<{ id: string; more: boolean }>(delivered, [
    batch.map(({ turn }) => turn.id),
    batch.map(({ turn }) => turn.attempt),
    batch.map(({ parts }) => toJson(parts)),
  ]);
  const freed = new Map(rows.map((row) => [row.id, row]));
  return batch.map(({ turn }) => freed.get(turn.id));
}

const parkAnd = (endRoom: string) => `with ${roomOfTurn}, turn as (
    update turns set state = 'parked', error = $3, crashes = 0, ended_at = now() from room
     where turns.id = $1 and room_id = room.id and attempt = $2 and state in ('waiting', 'answered') returning room_id, seq
  ), freed as (${endRoom}) select more from freed ${orWas("state = 'parked' and error = $3", "true")}`;

const park: Statement = { name: "park", text: parkAnd(freeRoom) };
const shut: Statement = { name: "shut", text: parkAnd(shutRoom) };

const putBack: Statement = {
  name: "put-back",
  text: `with ${roomOfTurn}, turn as (
    update turns set error = $4, crashes = 0 from room
     where turns.id = $1 and room_id = room.id and attempt = $2 and state in ('waiting', 'answered') returning room_id
  ) update rooms set holder = null, due_at = now() + $3::float8 * interval '1 ms'
      from turn where rooms.id = turn.room_id returning rooms.id`,
};

/** Nobody has vanished: the count of crashes is as it was before the claim. */
const freeForgotten: Statement = {
  name: "free-forgotten",
  text: `with held as (
    select id from rooms
     where holder = $1 and not exists (select from turns where turns.room_id = rooms.id and turns.id = any ($2::bigint[])) ${inLockOrder}
  ), forgotten as (
    update rooms set holder = null, due_at = now() from held where rooms.id = held.id returning rooms.id
  ) update turns set crashes = greatest(crashes - 1, 0) from forgotten
     where turns.room_id = forgotten.id and turns.state in ('waiting', 'answered') and turns.crashes > 0`,
};

const seen = `select objid::bigint from pg_locks
        where locktype = 'advisory' and classid = $2::bigint::oid and objsubid = 2 and granted
          and database = (select oid from pg_database where datname = current_database())`;

const findUnseen: Statement = {
  name: "find-unseen",
  text: `select distinct holder from rooms where holder is not null and holder <> $1 and holder not in (${seen})`,
};

/** A room that somebody has locked is found by the next sweep. */
const freeAbandoned: Statement = {
  name: "free-abandoned",
  text: `with abandoned as (
    select id from rooms where holder = any ($1::integer[]) and holder not in (${seen}) for update skip locked
  ) update rooms set holder = null, due_at = now() from abandoned where rooms.id = abandoned.id returning rooms.id`,
};
