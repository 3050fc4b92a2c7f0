import { LeaseLostError } from "../../conversation/domain/errors.ts";
import { joinMessages } from "../../conversation/domain/join-messages.ts";
import type { ChannelMessage } from "../../conversation/domain/message.ts";
import type { Turn } from "../../conversation/domain/turn.ts";
import type { Earlier, Revisions, TakenOver } from "../../conversation/ports/revisions.ts";
import type { Postgres, Statement } from "./connect-postgres.ts";

/** The tables `turns` and `messages`. The room is leased, so its earlier turns are at rest and nobody else writes them. */
export function postgresRevisions({ query, transaction }: Postgres): Revisions {
  return {
    takeOver: (turn, earlier, which) => replace(query, turn, earlier, which),
    erase: (turn, earlier) =>
      transaction(async (within) => {
        const taken = await replace(within, turn, earlier, "any");
        await within(eraseWords, [turn.id, turn.attempt, ...keysOf(earlier)]);
        return taken;
      }),
    async newestAnswer(turn) {
      const [row] = await query<{ id: string; asker: string }>(newestAnswer, [turn.id]);
      return row && { turnId: row.id, askerId: row.asker };
    },
  };
}

async function replace(query: Postgres["query"], turn: Turn, earlier: Earlier, which: "newest" | "any") {
  const [row] = await query<Row>(takeOver, [turn.id, turn.attempt, ...keysOf(earlier), which === "newest"]);
  if (!row) throw new LeaseLostError(`turn ${turn.id} is no longer ours at attempt ${turn.attempt}`);
  return readRow(row);
}

function keysOf(earlier: Earlier): readonly [turnId: string | null, messageId: string | null] {
  return "turnId" in earlier ? [earlier.turnId, null] : [null, earlier.messageId];
}

type Row = { question: ChannelMessage | null; joined: ChannelMessage[] | null; parts: string[] };

function readRow({ question, joined, parts }: Row): TakenOver | undefined {
  return question ? { question: joinMessages(question, joined ?? []), shown: parts } : undefined;
}

/**
 * From the turn that is meant (of what joined others: the first one's) to the one in whose place its answer stands now; when it is
 * repeated, to the one that we replaced.
 */
const currentOf = `mine as (
    select id, room_id, seq, parts from turns where id = $1 and attempt = $2 and state = 'waiting'
  ), line as (
    select question.id, question.replaced_by from mine
      join turns meant on meant.room_id = mine.room_id and (meant.id = $3::bigint or meant.message_id = $4)
      join turns question on question.room_id = mine.room_id and question.seq = coalesce(meant.joins_seq, meant.seq)
     where question.seq < mine.seq
    union all
    select turns.id, turns.replaced_by from line join turns on turns.id = line.replaced_by where line.replaced_by <> $1
  ), current as (
    select turns.* from line join turns using (id) where line.replaced_by is null or line.replaced_by = $1 limit 1
  )`;

/**
 * A command's answer is in no conversation, so it is nothing that was said after the meant one. One that was stopped was cut off, so it is
 * not left as it is all the same. What this turn shows already, from an attempt before, it keeps.
 */
const takeOver: Statement = {
  name: "take-over",
  text: `with recursive ${currentOf}, meant as (
    select current.* from current, mine where not $5::boolean or current.stop_requested or not exists (
      select from turns later join messages on messages.turn_id = later.id
       where later.room_id = mine.room_id and later.seq > current.seq and later.seq < mine.seq and later.parts <> '[]'
      union all select from messages said join conversations on conversations.id = said.conversation_id
       where said.turn_id = current.id and not is_active)
  ), replaced as (
    update turns set parts = '[]', replaced_by = $1 from meant where turns.id = meant.id
  ), moved as (
    update turns set parts = case when turns.parts = '[]' then meant.parts else turns.parts end,
           question_id = coalesce(meant.question_id, meant.id)
      from meant where turns.id = $1 returning turns.parts
  ), unsaid as (
    delete from messages using meant where messages.turn_id = meant.id
  ) select question.message as question, coalesce(moved.parts, mine.parts) as parts,
      (select jsonb_agg(message order by seq) from turns where room_id = question.room_id and joins_seq = question.seq) as joined
    from mine left join meant on true left join moved on true
    left join turns question on question.id = coalesce(meant.question_id, meant.id)`,
};

/** Of the question, of its edits, of what joined it and of all answers. The rows stay, for what comes again must still be known. */
const eraseWords: Statement = {
  name: "erase-words",
  text: `with recursive ${currentOf}, meant as (
    select id from line union select question_id from turns join line using (id) where question_id is not null
  ), all_meant as (
    select id from meant union
    select turns.id from turns join mine using (room_id) where joins_seq in (select seq from turns join meant using (id))
  ) update turns set message = turns.message - 'replyTo' - 'forwarded' - 'attachments' || '{"text": ""}', reply = null
      from all_meant where turns.id = all_meant.id`,
};

/** When it is repeated, the one that we replaced. */
const newestAnswer: Statement = {
  name: "newest-answer",
  text: `select answer.id, question.message->'author'->>'id' as asker from turns mine cross join lateral (
      select turns.id, question_id from turns left join messages on messages.turn_id = turns.id and messages.role = 'assistant'
       where turns.room_id = mine.room_id and turns.seq < mine.seq
         and (turns.replaced_by = mine.id or turns.replaced_by is null and messages.turn_id is not null)
       order by turns.seq desc limit 1) answer join turns question on question.id = coalesce(answer.question_id, answer.id)
     where mine.id = $1`,
};
