import { joinMessages } from "../../conversation/domain/join-messages.ts";
import type { ChannelMessage } from "../../conversation/domain/message.ts";
import type { FinalReply } from "../../conversation/domain/reply.ts";
import type { Turn } from "../../conversation/domain/turn.ts";
import type { Claim, Inbox } from "../../conversation/ports/inbox.ts";
import type { Postgres, Statement } from "./connect-postgres.ts";

/** `Inbox.claim`, for an instance. */
export function claimTurns({ query }: Pick<Postgres, "query">, instance: number): Inbox["claim"] {
  let claims = 0;

  return async (roomsMax, leaseMs, whose = "anyone's") => {
    claims += 1;
    const [yieldsFirst, takesOver] = [claims % yieldingEvery === 0, whose === "anyone's"];
    const rows = await query<ClaimRow>(claim, [roomsMax, leaseMs, instance, yieldsFirst, takesOver]);
    for (const { room_id, id, last_seq } of rows) if (id === null) await rest(query, room_id, last_seq, instance);
    return rows.filter((row) => row.id !== null).map(readClaim);
  };
}

/** One claim in so many begins with the rooms that yield, so that these come on too when the others never end. */
const yieldingEvery = 8;

/** `< 'infinity'` changes nothing but the cost: without it the planner does not see that the partial index holds every row it seeks. */
const dueRooms = (share: string) =>
  `select id from rooms where yields = ${share} and due_at <= now() and due_at < 'infinity' and ($5 or holder is null) order by due_at limit $1 for update skip locked`;

const isShownBefore = `room_id = held.id and seq < claimed.seq and parts <> '[]' order by seq desc`;

/** Of so many turns the newest part is sought: one that took an earlier one's place shows older parts than the turns before it. */
const turnsSeen = 5;

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
    update turns set attempt = attempt + 1, crashes = crashes + 1, begun_at = coalesce(begun_at, now())
      from head where turns.id = head.id and turns.state in ('waiting', 'answered')
    returning turns.*
  ) select held.id as room_id, held.last_seq, claimed.id, claimed.message, claimed.attempt, claimed.crashes, claimed.stop_requested,
           claimed.stopped_turn, claimed.parts, claimed.reply, claimed.saved_after, claimed.queued, newest_part.after, newest_turn.buttons_at,
           neighbours.joined, (extract(epoch from now() - claimed.kept_at) * 1000)::float8 as age_ms,
           (extract(epoch from now() - claimed.begun_at) * 1000)::float8 as tried_ms,
           case when claimed.seq <= held.shut_seq then held.shut_reason end as shut
      from held left join claimed on claimed.room_id = held.id
      left join lateral (select case when reply ? 'buttons' then parts->>-1 end as buttons_at from turns
         where ${isShownBefore} limit 1) newest_turn on true
      left join lateral (select part as after from (select parts->>-1 as part from turns where ${isShownBefore} limit ${turnsSeen}) seen
         order by length(part) desc, part collate "C" desc limit 1) newest_part on true
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
  saved_after: string | null;
  queued: boolean;
  buttons_at: string | null;
  joined: ChannelMessage[] | null;
  age_ms: number;
  tried_ms: number;
  shut: string | null;
};

function readClaim(row: ClaimRow): Claim {
  const turn: Turn = {
    id: String(row.id),
    message: joinMessages(row.message, row.joined ?? []),
    attempt: row.attempt,
    shown: row.parts,
    after: row.after ?? "0",
    ...(row.saved_after !== null && { savedAfter: row.saved_after }),
    ...(row.buttons_at && { buttonsAt: row.buttons_at }),
    ageMs: Math.max(0, row.age_ms),
    ...(row.stop_requested && { stopRequested: true as const }),
    ...(row.stopped_turn && { stoppedTurn: true as const }),
    ...(row.queued && { wasQueued: true as const }),
    ...(row.reply && { reply: row.reply }),
  };
  const triedMs = Math.max(0, row.tried_ms);
  return { turn, triedMs, crashes: row.crashes - 1, ...(row.shut !== null && { shut: row.shut }) };
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
