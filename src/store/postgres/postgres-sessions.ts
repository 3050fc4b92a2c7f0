import type { ChannelMessage } from "../../conversation/domain/message.ts";
import type { Session, SessionIds, Utterance } from "../../conversation/domain/session.ts";
import { spokenText } from "../../conversation/domain/spoken-text.ts";
import type { Sessions } from "../../conversation/ports/sessions.ts";
import { type Postgres, type Statement, storable } from "./connect-postgres.ts";

/** The tables `users`, `conversations` and `messages`. */
export function postgresSessions({ query }: Postgres): Sessions {
  return {
    async open(message) {
      const [user] = await query<{ id: string }>(openUser, [
        message.channel,
        message.author.id,
        storable(message.author.name),
      ]);
      const [conversation] = await query<{ id: string }>(openConversation, [message.channel, scopeOf(message)]);
      if (!user || !conversation) throw new Error("a user and a conversation were to be returned");
      return { userId: user.id, conversationId: conversation.id };
    },

    async read(message, ids, historyMax) {
      const [row] = await query<SessionRow>(readSession, sessionValues(message, ids, historyMax));
      return row && sessionFrom(ids, row);
    },

    async record(turn, ids, historyMax) {
      const [row] = await query<SessionRow>(recordMessage, [
        ...sessionValues(turn.message, ids, historyMax),
        turn.id,
        storable(turn.message.author.name),
        storable(spokenText(turn.message)),
      ]);
      return row && sessionFrom(ids, row);
    },

    async setUserModel(userId, model) {
      await query(setUserModel, [userId, model ?? null]);
    },

    async setConversationModel(conversationId, model) {
      await query(setConversationModel, [conversationId, model ?? null]);
    },

    async deactivate(conversationId) {
      await query(deactivate, [conversationId]);
    },

    async tally(conversationId) {
      const [row] = await query<TallyRow>(tally, [conversationId]);
      return {
        messages: row?.messages ?? 0,
        promptTokens: row?.prompt_tokens ?? 0,
        completionTokens: row?.completion_tokens ?? 0,
        startedAtMs: row?.started_at_ms ?? 0,
      };
    },
  };
}

/** A direct room's conversation is the person's, wherever it is; a group's is the room's. */
function scopeOf({ audience, author, room }: ChannelMessage): string {
  return audience === "direct" ? `user:${author.id}` : `room:${room}`;
}

/** `do update` and not `do nothing`: it waits for a racing insert and returns its row. */
const openUser: Statement = {
  name: "open-user",
  text: `insert into users (channel, channel_user_id, name) values ($1, $2, $3)
    on conflict (channel, channel_user_id) do update set name = excluded.name returning id`,
};

const openConversation: Statement = {
  name: "open-conversation",
  text: `insert into conversations (channel, scope) values ($1, $2)
    on conflict (channel, scope) where is_active do update set last_activity = now() returning id`,
};

type SessionRow = {
  preferred_model: string | null;
  model_override: string | null;
  channel_model: string | null;
  history: { role: Utterance["role"]; text: string; author: string | null }[];
};

function sessionFrom(ids: SessionIds, row: SessionRow): Session {
  return {
    ...ids,
    ...(row.preferred_model && { preferredModel: row.preferred_model }),
    ...(row.model_override && { modelOverride: row.model_override }),
    ...(row.channel_model && { channelModel: row.channel_model }),
    history: row.history.map(({ role, text, author }) => ({ role, text, ...(author && { author }) })),
  };
}

function sessionValues(message: ChannelMessage, { userId, conversationId }: SessionIds, historyMax: number): unknown[] {
  return [userId, conversationId, historyMax, message.channel, message.author.id, scopeOf(message)];
}

/**
 * The ids may come from a stale cache, or from one that served another database: unless they are this person and
 * the active conversation of this place, there is no row.
 */
const sessionRow = `select users.preferred_model, conversations.model_override, channel_settings.default_model as channel_model
      from conversations join users on users.id = $1 and users.channel = $4 and users.channel_user_id = $5
      left join channel_settings on channel_settings.channel = conversations.channel
     where conversations.id = $2 and conversations.channel = $4 and conversations.scope = $6 and conversations.is_active`;

const historyBefore = (
  turn: string,
) => `(select coalesce(json_agg(json_build_object('role', role, 'text', content, 'author', author) order by id), '[]')
      from (select id, role, content, author from messages where conversation_id = $2 ${turn} order by id desc limit $3) newest) as history`;

const readSession: Statement = {
  name: "read-session",
  text: `select session.*, ${historyBefore("")} from (${sessionRow}) session`,
};

/** The conversation keeps the message once, however often the turn is tried. */
const recordMessage: Statement = {
  name: "record-message",
  text: `with session as (${sessionRow}), said as (
    insert into messages (conversation_id, turn_id, role, user_id, author, content)
    select $2::bigint, $7::bigint, 'user', $1::bigint, $8, $9 from session on conflict (turn_id, role) do nothing
  ) select session.*, ${historyBefore("and turn_id <> $7::bigint")} from session`,
};

const setUserModel: Statement = { name: "set-user-model", text: `update users set preferred_model = $2 where id = $1` };

const setConversationModel: Statement = {
  name: "set-conversation-model",
  text: `update conversations set model_override = $2 where id = $1`,
};

const deactivate: Statement = { name: "deactivate", text: `update conversations set is_active = false where id = $1` };

type TallyRow = { messages: number; prompt_tokens: number; completion_tokens: number; started_at_ms: number };

const tally: Statement = {
  name: "tally",
  text: `select count(messages.id)::integer as messages,
      coalesce(sum(messages.prompt_tokens), 0)::float8 as prompt_tokens,
      coalesce(sum(messages.completion_tokens), 0)::float8 as completion_tokens,
      (extract(epoch from conversations.started_at) * 1000)::float8 as started_at_ms
    from conversations left join messages on messages.conversation_id = conversations.id
   where conversations.id = $1 group by conversations.id`,
};
