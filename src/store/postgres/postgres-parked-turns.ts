import type { ChannelMessage } from "../../conversation/domain/message.ts";
import type { FinalReply } from "../../conversation/domain/reply.ts";
import {
  type Decision,
  type ListedState,
  parkedCountMax,
  type ParkedTurns,
  type TurnDetails,
  type TurnOverview,
} from "../../conversation/ports/parked-turns.ts";
import type { Postgres, Statement } from "./connect-postgres.ts";

/** The tables `turns` and `rooms`, as operators use them. */
export function postgresParkedTurns({ query }: Postgres): ParkedTurns {
  async function decide(turnId: string, statement: Statement, values: readonly unknown[]): Promise<Decision> {
    if (!isId(turnId)) return { kind: "unknown" };
    const [row] = await query<DecisionRow>(statement, [turnId, ...values]);
    if (!row) return { kind: "unknown" };
    if (row.done) return { kind: "done" };
    // The state was read before the decision that was faster than this one: once more, for the new state.
    return row.state === "parked" ? await decide(turnId, statement, values) : { kind: "not-parked", state: row.state };
  }

  return {
    async list({ state, countMax, before }) {
      const rows = await query<OverviewRow>(lists[state], [countMax, before ?? idMax]);
      return rows.map(readOverview);
    },

    async show(turnId) {
      const [row] = isId(turnId) ? await query<DetailsRow>(show, [turnId]) : [];
      return row && readDetails(row);
    },

    replay: (turnId, how) => decide(turnId, replay, [how === "ask-again"]),
    discard: (turnId) => decide(turnId, discard, []),

    async count() {
      const [row] = await query<{ count: number }>(countParked, [parkedCountMax]);
      return row?.count ?? 0;
    },
  };
}

const idMax = "9223372036854775807";

/** What cannot be an id is not one of a turn; to the database it would be a mistake. */
function isId(text: string): boolean {
  return /^\d{1,19}$/.test(text) && BigInt(text) <= BigInt(idMax);
}

const state = `case when turns.discarded_at is null then turns.state else 'discarded' end as state`;

const overview = `turns.id, rooms.channel, rooms.room, turns.message_id, ${state}, turns.attempt, turns.error,
      turns.reply is not null as has_reply, (extract(epoch from turns.kept_at) * 1000)::float8 as kept_at_ms,
      (extract(epoch from turns.ended_at) * 1000)::float8 as ended_at_ms`;

/** The conditions stand word for word as in the partial indexes, which else are not used; few rows, so they are sorted as they come. */
const listOf = (name: string, condition: string): Statement => ({
  name: `list-${name}`,
  text: `with listed as materialized (select id from turns where ${condition}), page as (
    select id from listed where id < $2::bigint order by id desc limit $1
  ) select ${overview} from page join turns using (id) join rooms on rooms.id = turns.room_id order by turns.id desc`,
});

const lists: Readonly<Record<ListedState, Statement>> = {
  parked: listOf("parked", "state = 'parked' and discarded_at is null"),
  waiting: listOf("waiting", "state in ('waiting', 'answered')"),
  discarded: listOf("discarded", "state = 'parked' and discarded_at is not null"),
};

const show: Statement = {
  name: "show-turn",
  text: `select ${overview}, turns.message, turns.reply, turns.parts, turns.crashes
      from turns join rooms on rooms.id = turns.room_id where turns.id = $1`,
};

/**
 * The turn gets the room's next number. With its old one it would be answered before turns that came after it but are shown
 * already, and whoever settles a doubtful sending must be able to trust that earlier turns have the older parts; the turn that
 * is being answered would not be the room's first, which is the one that a `/stop` means. A higher number also tells whoever
 * delivers at this moment that the room has more. What joined it comes along. The attempt grows, so that whoever held the turn before writes nothing.
 */
const replay: Statement = {
  name: "replay-turn",
  text: `with parked as (
    select id, room_id, seq from turns where id = $1 and state = 'parked' and discarded_at is null for update
  ), room as (
    update rooms set last_seq = last_seq + 1, due_at = case when due_at = 'infinity' then now() else due_at end
      from parked where rooms.id = parked.room_id
    returning last_seq
  ), forgotten as (
    delete from messages using parked where $2::boolean and messages.turn_id = parked.id
  ), followed as (
    update turns set joins_seq = room.last_seq from parked, room where turns.room_id = parked.room_id and turns.joins_seq = parked.seq
  ), replayed as (
    update turns set seq = room.last_seq, attempt = attempt + 1, crashes = 0, stop_requested = false, ended_at = null,
        begun_at = null,
        state = case when reply is null or $2::boolean then 'waiting' else 'answered' end,
        reply = case when $2::boolean then null else reply end,
        answered_at = case when $2::boolean then null else answered_at end
      from parked, room where turns.id = parked.id and turns.state = 'parked'
    returning turns.id
  ) select ${state}, exists (select from replayed) as done from turns where id = $1`,
};

const discard: Statement = {
  name: "discard-turn",
  text: `with discarded as (
    update turns set discarded_at = now() where id = $1 and state = 'parked' and discarded_at is null returning id
  ) select ${state}, exists (select from discarded) as done from turns where id = $1`,
};

const countParked: Statement = {
  name: "count-parked",
  text: `select count(*)::integer as count from (
    select from turns where state = 'parked' and discarded_at is null limit $1) parked`,
};

type OverviewRow = {
  id: string;
  channel: string;
  room: string;
  message_id: string;
  state: TurnOverview["state"];
  attempt: number;
  error: string | null;
  has_reply: boolean;
  kept_at_ms: number;
  ended_at_ms: number | null;
};

type DetailsRow = OverviewRow & {
  message: ChannelMessage;
  reply: FinalReply | null;
  parts: string[];
  crashes: number;
};

type DecisionRow = { state: TurnOverview["state"]; done: boolean };

function readOverview(row: OverviewRow): TurnOverview {
  return {
    id: row.id,
    channel: row.channel,
    room: row.room,
    messageId: row.message_id,
    state: row.state,
    attempt: row.attempt,
    ...(row.error !== null && { error: row.error }),
    hasReply: row.has_reply,
    keptAtMs: Math.round(row.kept_at_ms),
    ...(row.ended_at_ms !== null && { endedAtMs: Math.round(row.ended_at_ms) }),
  };
}

function readDetails(row: DetailsRow): TurnDetails {
  return {
    ...readOverview(row),
    message: row.message,
    ...(row.reply && { reply: row.reply }),
    parts: row.parts,
    crashes: row.crashes,
  };
}
