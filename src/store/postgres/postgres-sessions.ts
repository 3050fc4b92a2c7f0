import type { ChannelMessage } from "../../conversation/domain/message.ts";
import type { Session, SessionIds, Spoken, Utterance } from "../../conversation/domain/session.ts";
import type { Sessions } from "../../conversation/ports/sessions.ts";
import { gather } from "../gather.ts";
import { type Postgres, type Statement, storable, toJson } from "./connect-postgres.ts";
import { scopeOf } from "./scope-of.ts";

/** The tables `users`, `conversations` and `messages`. */
export function postgresSessions({ query }: Postgres): Sessions {
  const recordGathered = gather<Recording, Session | undefined>({
    run: (batch) => recordAll(query, batch),
    sizeMax: 64,
    keyOf: ({ ids }) => ids.conversationId,
  });

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

    async read(message, ids) {
      const [row] = await query<SessionRow>(readSession, placeValues([{ message, ids }]));
      return row && sessionFrom(ids, row);
    },

    record: ({ id, message }, spoken, ids, historyMax) =>
      recordGathered({ turnId: id, message, spoken, ids, historyMax }),

    async spoken({ id }) {
      const [row] = await query<Spoken>(readSpoken, [id]);
      return row;
    },

    async setUserModel(userId, model) {
      await query(setUserModel, [userId, model ?? null]);
    },

    async setConversationModel(conversationId, model) {
      await query(setConversationModel, [conversationId, model ?? null]);
    },

    async setPersona(conversationId, name) {
      await query(setPersona, [conversationId, name ?? null]);
    },

    async setInstructions(conversationId, text) {
      await query(setInstructions, [conversationId, text === undefined ? null : storable(text)]);
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
  persona: string | null;
  instructions: string | null;
  history: {
    role: Utterance["role"];
    text: string;
    author: string | null;
    attachments: Spoken["attachments"] | null;
  }[];
};

function sessionFrom(ids: SessionIds, row: SessionRow): Session {
  return {
    ...ids,
    ...(row.preferred_model && { preferredModel: row.preferred_model }),
    ...(row.model_override && { modelOverride: row.model_override }),
    ...(row.channel_model && { channelModel: row.channel_model }),
    ...(row.persona && { persona: row.persona }),
    ...(row.instructions && { instructions: row.instructions }),
    history: row.history.map(({ role, text, author, attachments }) => ({
      role,
      text,
      ...(author && { author }),
      ...(attachments && { attachments }),
    })),
  };
}

type Place = { readonly message: ChannelMessage; readonly ids: SessionIds };

/**
 * The ids may come from a stale cache, or from one that served another database: unless they are this person and
 * the active conversation of this place, there is no row.
 */
const sessionsOfPlaces = `place as (
    select * from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[]) with ordinality
      as place (user_id, conversation_id, channel, channel_user_id, scope, n)
  ), session as (
    select place.*, users.preferred_model, conversations.model_override, channel_settings.default_model as channel_model,
           conversations.persona, conversations.instructions
      from place
      join users on users.id = user_id and users.channel = place.channel and users.channel_user_id = place.channel_user_id
      join conversations on conversations.id = conversation_id and conversations.channel = place.channel
       and conversations.scope = place.scope and conversations.is_active
      left join channel_settings on channel_settings.channel = place.channel
  )`;

function placeValues(places: readonly Place[]): readonly unknown[] {
  return [
    places.map(({ ids }) => ids.userId),
    places.map(({ ids }) => ids.conversationId),
    places.map(({ message }) => message.channel),
    places.map(({ message }) => message.author.id),
    places.map(({ message }) => scopeOf(message)),
  ];
}

const readSession: Statement = {
  name: "read-session",
  text: `with ${sessionsOfPlaces} select preferred_model, model_override, channel_model, persona, instructions, '[]'::json as history from session`,
};

type Recording = Place & { readonly turnId: string; readonly spoken: Spoken; readonly historyMax: number };

/** The conversation keeps the message once, however often the turn is tried. */
const recordMessages: Statement = {
  name: "record-messages",
  text: `with ${sessionsOfPlaces}, message as (
    select session.*, turn_id, history_max, author, text, attachments
      from session join unnest($6::bigint[], $7::integer[], $8::text[], $9::text[], $10::jsonb[]) with ordinality
        as message (turn_id, history_max, author, text, attachments, n) using (n)
  ), said as (
    insert into messages (conversation_id, turn_id, role, user_id, author, content, attachments)
    select conversation_id, turn_id, 'user', user_id, author, text, attachments from message
        on conflict (turn_id, role) do nothing
  ) select turn_id, preferred_model, model_override, channel_model, persona, instructions, history
      from message cross join lateral (
        select coalesce(json_agg(json_build_object(
            'role', role, 'text', content, 'author', author, 'attachments', nullif(attachments, '[]')) order by id), '[]') as history
          from (select id, role, content, messages.author, messages.attachments from messages
                 where messages.conversation_id = message.conversation_id and messages.turn_id <> message.turn_id
                 order by id desc limit history_max) newest) said_before`,
};

const readSpoken: Statement = {
  name: "read-spoken",
  text: `select content as text, attachments from messages where turn_id = $1 and role = 'user'`,
};

/** @returns for each its session; undefined where the ids are not (any more) those of the message's place */
async function recordAll(query: Postgres["query"], batch: readonly Recording[]): Promise<(Session | undefined)[]> {
  const rows = await query<SessionRow & { turn_id: string }>(recordMessages, [
    ...placeValues(batch),
    batch.map(({ turnId }) => turnId),
    batch.map(({ historyMax }) => historyMax),
    batch.map(({ message }) => storable(message.author.name)),
    batch.map(({ spoken }) => storable(spoken.text)),
    batch.map(({ spoken }) => toJson(spoken.attachments)),
  ]);
  const byTurn = new Map(rows.map((row) => [row.turn_id, row]));
  return batch.map(({ turnId, ids }) => {
    const row = byTurn.get(turnId);
    return row && sessionFrom(ids, row);
  });
}

const setUserModel: Statement = { name: "set-user-model", text: `update users set preferred_model = $2 where id = $1` };

const setConversationModel: Statement = {
  name: "set-conversation-model",
  text: `update conversations set model_override = $2 where id = $1`,
};

const setPersona: Statement = { name: "set-persona", text: `update conversations set persona = $2 where id = $1` };

const setInstructions: Statement = {
  name: "set-instructions",
  text: `update conversations set instructions = $2 where id = $1`,
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
