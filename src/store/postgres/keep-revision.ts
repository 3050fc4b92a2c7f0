import type { ChannelMessage } from "../../conversation/domain/message.ts";
import type { Arrival, Kept } from "../../conversation/ports/inbox.ts";
import { type Postgres, type Statement, toJson } from "./connect-postgres.ts";

type Revision = Arrival & { readonly kind: "revision" };

/**
 * Keeps an edit or a deletion of a message that is known. To be called in a transaction: nobody begins a turn of the room while it is
 * locked, and each statement after the first sees how things stand.
 *
 * What a person wrote is kept in one place, the row of their message. An edit changes it there: who has yet to begin with it reads it
 * as it is by then, and keeps its place in the room. Only where nobody has, a turn is added that answers it once more.
 */
export async function keepRevision(
  query: Postgres["query"],
  { message, messageId, withinMs }: Revision,
): Promise<Kept> {
  const { channel, room: name, id, about } = message;
  const isEdit = about?.kind === "edited";
  const [room] = await query<{ id: string }>(lockRoom, [channel, name]);
  if (!room) return "known";
  const [meant] = await query<Meant>(findMeant, [room.id, id, messageId, isEdit, withinMs]);
  if (!meant || (isEdit && saysTheSame(meant.message, message))) return "known";

  const { question_seq: questionSeq } = meant;
  const { words, rest } = split(message);
  const unanswered = await query<Unanswered>(findUnanswered, [room.id, questionSeq]);
  if (isEdit && unanswered.some(({ about }) => about === "deleted")) return "known";
  const begun = unanswered.filter(({ attempt }) => attempt > 0);
  const toBegin = unanswered.filter(({ attempt }) => attempt === 0);
  await query(stopTurns, [idsOf(begun)]);
  if (isEdit) await query(changeWords, [meant.id, toJson(words)]);
  else await query(spareTurns, [idsOf(toBegin), room.id, questionSeq]);
  const isRead = isEdit && toBegin.length > 0;
  await query(addTurn, [room.id, id, toJson(rest), isRead ? "refused" : "waiting"]);
  return "new";
}

const lockRoom: Statement = {
  name: "lock-room",
  text: `select id from rooms where channel = $1 and room = $2 for update`,
};

type Meant = {
  readonly id: string;
  readonly message: ChannelMessage;
  /** Of the turn that it is, or belongs to as one of several. */
  readonly question_seq: string;
};

/** What was refused is not answered by an edit; taken back can be everything. */
const findMeant: Statement = {
  name: "find-meant",
  text: `select id, message, coalesce(joins_seq, seq) as question_seq from turns
     where room_id = $1 and message_id = $3 and (state <> 'refused' or not $4::boolean)
       and ($5::float8 is null or kept_at > now() - $5::float8 * interval '1 ms')
       and not exists (select from turns where room_id = $1 and message_id = $2)`,
};

/** Platforms tell of an edit also where nothing changed that is read. A file may be called otherwise each time that it is told of. */
function saysTheSame(kept: ChannelMessage, message: ChannelMessage): boolean {
  const kinds = ({ attachments = [] }: ChannelMessage) => attachments.map(({ kind }) => kind).join();
  const { text } = JSON.parse(toJson(message)) as ChannelMessage;
  return kept.text === text && kinds(kept) === kinds(message);
}

type Unanswered = { readonly id: string; readonly attempt: number; readonly about: "edited" | "deleted" | null };

/** The question's own turn, and those of its edits and deletions, as far as they have no reply. */
const findUnanswered: Statement = {
  name: "find-unanswered",
  text: `select id, attempt, message->'about'->>'kind' as about from turns
     where room_id = $1 and state = 'waiting' and (seq = $2
       or message->'about'->>'messageId' in (select message_id from turns where room_id = $1 and (seq = $2 or joins_seq = $2)))`,
};

function idsOf(turns: readonly Unanswered[]): readonly string[] {
  return turns.map(({ id }) => id);
}

const stopTurns: Statement = {
  name: "stop-turns",
  text: `update turns set stop_requested = true where id = any ($1::bigint[])`,
};

const changeWords: Statement = {
  name: "change-words",
  text: `update turns set message = message - 'replyTo' - 'forwarded' - 'attachments' || $2::jsonb where id = $1`,
};

/** What a person can change of a message, with who they are (they may have been forgotten since), and all else. */
function split({ text, replyTo, forwarded, attachments, ...rest }: ChannelMessage) {
  return { words: { text, replyTo, forwarded, attachments, author: rest.author }, rest: { ...rest, text: "" } };
}

/** They are not answered, and nothing joins them any more. */
const spareTurns: Statement = {
  name: "spare-turns",
  text: `with closed as (
    update rooms set join_key = null where id = $2 and join_seq = $3
  ) update turns set state = 'refused', ended_at = now() where id = any ($1::bigint[])`,
};

/** "refused": there is nothing left to do, it is only known. */
const addTurn: Statement = {
  name: "add-turn",
  text: `with room as (
    update rooms set last_seq = last_seq + 1, due_at = case when due_at = 'infinity' then now() else due_at end where id = $1
    returning last_seq
  ) insert into turns (room_id, seq, message_id, message, state) select $1, last_seq, $2, $3::jsonb, $4 from room`,
};
