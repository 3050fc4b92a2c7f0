import type { ChannelMessage } from "../../conversation/domain/message.ts";
import type { Archive, ConversationOverview, Holdings, Said } from "../../conversation/ports/archive.ts";
import type { Postgres, Statement } from "./connect-postgres.ts";
import { forgottenMessage } from "./forgotten-message.ts";
import { scopeOf } from "./scope-of.ts";

/** The tables `conversations`, `messages`, `users`, `usage` and `turns`, as those who wrote into them use them. */
export function postgresArchive(postgres: Postgres): Archive {
  const { query } = postgres;
  return {
    async list(message, countMax) {
      const rows = await query<OverviewRow>(list, [message.channel, scopeOf(message), countMax]);
      return rows.map(readOverview);
    },

    async reopen(message, conversationId) {
      if (!/^\d{1,18}$/.test(conversationId)) return false;
      const values = [message.channel, scopeOf(message), conversationId];
      return await postgres.transaction(async (query) => {
        const [found] = await query(lockConversation, values);
        if (!found) return false;
        await query(deactivateOthers, values);
        await query(activate, [conversationId]);
        return true;
      });
    },

    async read(conversationId, countMax) {
      const rows = await query<SaidRow>(read, [conversationId, countMax]);
      return rows.map(readSaid);
    },

    async holdings({ channel, author }) {
      const [row] = await query<HoldingsRow>(holdings, [channel, author.id, `user:${author.id}`]);
      return readHoldings(row);
    },

    forget: (message) => forget(postgres, message),
  };
}

/** In pieces, each of a bounded cost, so that nobody waits for somebody else's past. The user goes last: until then it can be repeated. */
async function forget({ query, transaction }: Postgres, { channel, author }: ChannelMessage): Promise<Holdings> {
  const [bounds] = await query<{ newest: string | null }>(newestTurn, []);
  const newest = Number(bounds?.newest ?? 0);
  // The newest first: an answer is found by the author of its question, which is older.
  for (let from = newest - (newest % turnsAtOnce); from >= 0; from -= turnsAtOnce)
    await query(forgetTurns, [from, from + turnsAtOnce, channel, author.id]);
  const scope = `user:${author.id}`;
  return await transaction(async (query) => {
    const [held] = await query<HoldingsRow>(holdings, [channel, author.id, scope]);
    await query(forgetWords, [channel, author.id, scope]);
    await query(forgetConversations, [channel, scope]);
    await query(forgetUsage, [channel, author.id]);
    await query(forgetPerson, [channel, author.id]);
    return readHoldings(held);
  });
}

const turnsAtOnce = 50_000;

type OverviewRow = { id: string; title: string | null; messages: number; last_activity_ms: number; is_active: boolean };

function readOverview(row: OverviewRow): ConversationOverview {
  return {
    id: row.id,
    title: row.title ?? "",
    messages: row.messages,
    lastActivityMs: row.last_activity_ms,
    isActive: row.is_active,
  };
}

const list: Statement = {
  name: "list-conversations",
  text: `select conversations.id, is_active, (extract(epoch from last_activity) * 1000)::float8 as last_activity_ms,
      (select left(regexp_replace(content, '\\s+', ' ', 'g'), 80) from messages
        where conversation_id = conversations.id and role = 'user' order by messages.id limit 1) as title,
      (select count(*)::integer from messages where conversation_id = conversations.id) as messages
    from conversations where channel = $1 and scope = $2
     and exists (select from messages where conversation_id = conversations.id)
   order by last_activity desc limit $3`,
};

const lockConversation: Statement = {
  name: "lock-conversation",
  text: `select from conversations where channel = $1 and scope = $2 and id = $3 for update`,
};

const deactivateOthers: Statement = {
  name: "deactivate-others",
  text: `update conversations set is_active = false where channel = $1 and scope = $2 and is_active and id <> $3`,
};

const activate: Statement = {
  name: "activate",
  text: `update conversations set is_active = true, last_activity = now() where id = $1`,
};

type SaidRow = {
  role: Said["role"];
  author: string | null;
  content: string;
  model: string | null;
  at_ms: number;
};

function readSaid({ role, author, content, model, at_ms }: SaidRow): Said {
  return { role, text: content, atMs: at_ms, ...(author && { author }), ...(model && { model }) };
}

const read: Statement = {
  name: "read-conversation",
  text: `select * from (
      select id, role, author, content, model, (extract(epoch from created_at) * 1000)::float8 as at_ms
        from messages where conversation_id = $1 order by id desc limit $2) newest order by id`,
};

type HoldingsRow = { messages: number; answers: number; conversations: number; days_of_usage: number };

function readHoldings(row: HoldingsRow | undefined): Holdings {
  return {
    messages: row?.messages ?? 0,
    answers: row?.answers ?? 0,
    conversations: row?.conversations ?? 0,
    daysOfUsage: row?.days_of_usage ?? 0,
  };
}

const person = `select id from users where channel = $1 and channel_user_id = $2`;
/** With those in topics, whose scopes go on after a slash. */
const ofPerson = (scope: string) => `channel = $1 and (scope = ${scope} or starts_with(scope, ${scope} || '/'))`;
const theirs = `select id from conversations where ${ofPerson("$3::text")}`;
const theirTurns = `select turn_id from messages where user_id = (${person})`;

const holdings: Statement = {
  name: "holdings",
  text: `select (select count(*)::integer from messages where user_id = (${person})) as messages,
      (select count(*)::integer from messages where role = 'assistant' and turn_id in (${theirTurns})) as answers,
      (select count(*)::integer from conversations where id in (${theirs})) as conversations,
      (select count(*)::integer from usage where user_id = (${person})) as days_of_usage`,
};

const newestTurn: Statement = { name: "newest-turn", text: `select max(id) as newest from turns` };

/** What is not shown yet goes its way first. Others may have had the person's question answered once more. */
const forgetTurns: Statement = {
  name: "forget-turns",
  text: `update turns set reply = null,
           message = case when message->'author'->>'id' = $4 then ${forgottenMessage} else message end
    from rooms where rooms.id = turns.room_id and turns.id >= $1 and turns.id < $2 and rooms.channel = $3
     and turns.state not in ('waiting', 'answered')
     and $4 in (message->'author'->>'id', (select asked.message->'author'->>'id' from turns asked where asked.id = turns.question_id))`,
};

const forgetWords: Statement = {
  name: "forget-words",
  text: `delete from messages where turn_id in (${theirTurns}) or conversation_id in (${theirs})`,
};

const forgetConversations: Statement = {
  name: "forget-conversations",
  text: `delete from conversations where ${ofPerson("$2::text")}`,
};

const forgetUsage: Statement = { name: "forget-usage", text: `delete from usage where user_id = (${person})` };

const forgetPerson: Statement = {
  name: "forget-person",
  text: `delete from users where channel = $1 and channel_user_id = $2`,
};
