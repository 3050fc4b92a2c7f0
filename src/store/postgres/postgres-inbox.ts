import { LeaseLostError } from "../../conversation/domain/errors.ts";
import type { FinalReply } from "../../conversation/domain/reply.ts";
import type { Turn } from "../../conversation/domain/turn.ts";
import type { Answer, Inbox } from "../../conversation/ports/inbox.ts";
import { gather } from "../gather.ts";
import { claimTurns } from "./claim-turns.ts";
import { type Postgres, type Statement, storable, toJson } from "./connect-postgres.ts";
import { forgottenMessage } from "./forgotten-message.ts";
import { type HeldPresence, presenceLock } from "./hold-presence.ts";
import { keepArrivals } from "./keep-arrivals.ts";
import { inLockOrder } from "./lock-order.ts";

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
    keep: keepArrivals(postgres),
    claim: claimTurns(postgres, instance),

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
      if (!answer) await fenced(turn, answered, [toJson(reply), turn.savedAfter ?? null, toJson(turn.shown)]);
      else if (!(await answeredGathered({ turn, reply, answer }))) throw leaseLost(turn);
    },

    async delivered(turn, parts) {
      const freed = await deliveredGathered({ turn, parts });
      if (!freed) throw leaseLost(turn);
      return freed.more;
    },

    async awaits({ channel, room, id }) {
      return (await query(findAwaited, [channel, room, id])).length > 0;
    },

    async putBack(turn, delayMs, reason) {
      await fenced(turn, putBack, [delayMs, storable(reason), toJson(turn.shown)]);
    },

    async park(turn, reason) {
      await fenced(turn, park, [storable(reason)]);
    },

    async shut(turn, reason) {
      await fenced(turn, shut, [storable(reason)]);
    },

    async forgive(turn) {
      await query(forgive, [turn.id, turn.attempt]);
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

/** As many as are gathered into one statement. */
const sizeMax = 64;

type Answered = { readonly turn: Turn; readonly reply: FinalReply; readonly answer: Answer };
type Delivered = { readonly turn: Turn; readonly parts: readonly string[] };

function leaseLost({ id, attempt }: Turn): LeaseLostError {
  return new LeaseLostError(`turn ${id} is no longer ours at attempt ${attempt}`);
}

const roomOfTurn = `room as (
    select rooms.id from rooms join turns on turns.room_id = rooms.id where turns.id = $1 for update of rooms
  )`;

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

/** What a draft has shown may not have been noted, while the database was away. What is noted may be more than the holder was told. */
const grown = (shown: string) =>
  `case when jsonb_array_length(${shown}::jsonb) > jsonb_array_length(turns.parts) then ${shown}::jsonb else turns.parts end`;

const markAnswered = `update turns set state = 'answered', reply = $3::jsonb, saved_after = $4, parts = ${grown("$5")}, answered_at = now()
     where id = $1 and attempt = $2 and state = 'waiting' returning id`;

/** A write that is repeated because nobody told that it was committed finds that it was, and changes nothing more. */
const orWas = (ended: string, result: string) =>
  `union all select ${result} from turns join rooms on rooms.id = turns.room_id where turns.id = $1 and attempt = $2 and ${ended}`;

const answeredOrWas = `select id from turn ${orWas("state = 'answered' and reply = $3::jsonb", "turns.id")}`;

const answered: Statement = { name: "answered", text: `with turn as (${markAnswered}) ${answeredOrWas}` };

const answeredByModel: Statement = {
  name: "answered-by-model",
  text: `with mine as (
    select * from unnest($1::bigint[], $2::integer[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::integer[], $9::integer[], $10::integer[],
                         $11::text[], $12::text[])
      as mine (id, attempt, reply, conversation_id, user_id, content, model, prompt_tokens, completion_tokens, latency_ms, saved_after, shown)
  ), room as (
    select mine.* from mine join turns using (id, attempt) join rooms on rooms.id = turns.room_id ${inLockOrder}
  ), turn as (
    update turns set state = 'answered', reply = room.reply::jsonb, saved_after = room.saved_after, parts = ${grown("room.shown")}, answered_at = now() from room
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
    batch.map(({ turn }) => turn.savedAfter ?? null),
    batch.map(({ turn }) => toJson(turn.shown)),
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

/** Of a turn that has ended: with who asked to be forgotten goes the asking. */
const unlessForgotten = `message = case when turns.reply ? 'forgets' then ${forgottenMessage} else message end`;

const delivered: Statement = {
  name: "delivered",
  text: `with mine as (
    select * from unnest($1::bigint[], $2::integer[], $3::text[]) as mine (id, attempt, parts)
  ), room as (
    select mine.* from mine join turns using (id, attempt) join rooms on rooms.id = turns.room_id ${inLockOrder}
  ), turn as (
    update turns set state = 'delivered', parts = room.parts::jsonb, crashes = 0, ended_at = now(),
           ${unlessForgotten} from room
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
    update turns set state = 'parked', error = $3, crashes = 0, ended_at = now(),
           ${unlessForgotten} from room
     where turns.id = $1 and room_id = room.id and attempt = $2 and state in ('waiting', 'answered') returning room_id, seq
  ), freed as (${endRoom}) select more from freed ${orWas("state = 'parked' and error = $3", "true")}`;

const park: Statement = { name: "park", text: parkAnd(freeRoom) };
const shut: Statement = { name: "shut", text: parkAnd(shutRoom) };

const findAwaited: Statement = {
  name: "find-awaited",
  text: `select from turns join rooms on rooms.id = turns.room_id
     where rooms.channel = $1 and rooms.room = $2 and message_id = $3 and state in ('waiting', 'answered')`,
};

const putBack: Statement = {
  name: "put-back",
  text: `with ${roomOfTurn}, turn as (
    update turns set error = $4, crashes = 0, parts = ${grown("$5")} from room
     where turns.id = $1 and room_id = room.id and attempt = $2 and state in ('waiting', 'answered') returning room_id
  ) update rooms set holder = null, due_at = now() + $3::float8 * interval '1 ms'
      from turn where rooms.id = turn.room_id returning rooms.id`,
};

/** Of a turn that others have in hand by now, or will have. */
const forgive: Statement = {
  name: "forgive",
  text: `update turns set crashes = greatest(crashes - 1, 0) where id = $1 and attempt > $2 and state in ('waiting', 'answered')`,
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
