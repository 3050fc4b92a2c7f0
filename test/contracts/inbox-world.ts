import { expect } from "vitest";
import type { Answer, Inbox } from "../../src/conversation/ports/inbox.ts";
import type { ParkedTurns } from "../../src/conversation/ports/parked-turns.ts";
import { Secret } from "../../src/secret.ts";
import { connectPostgres, type Postgres } from "../../src/store/postgres/connect-postgres.ts";
import { type HeldPresence, holdPresence, presenceLock } from "../../src/store/postgres/hold-presence.ts";
import { migrate } from "../../src/store/postgres/migrate.ts";
import { postgresInbox } from "../../src/store/postgres/postgres-inbox.ts";
import { postgresParkedTurns } from "../../src/store/postgres/postgres-parked-turns.ts";
import { postgresSessions } from "../../src/store/postgres/postgres-sessions.ts";
import { message } from "../messages.ts";
import { freshDatabase } from "../setup/fresh-database.ts";
import { until } from "../until.ts";
import type { Model, ModelTurn } from "./inbox-model.ts";
import { isUnfinished } from "./inbox-model.ts";

/** Several instances on one PostgreSQL, as their inboxes; and a look at every row. */
export type InboxWorld = {
  readonly postgres: Postgres;
  readonly parkedTurns: ParkedTurns;
  inboxAt(place: number): Inbox;
  /** kill -9, seen from the database; another instance takes the place. */
  replaceInstance(place: number): Promise<void>;
  /** What the AI said, for a conversation that there is. */
  readonly answer: Answer;
  /** Ends the room's lease or pause, if there is one: what rests, rests. */
  passTime(room: string): Promise<void>;
  idOf(turn: ModelTurn): Promise<string>;
  /** How many turns of the same room come before this one and have not ended. */
  unfinishedBefore(turnId: string): Promise<number>;
  /** All turns, room by room in their order. */
  turns(): Promise<readonly EndedTurn[]>;
  /** Fails unless the tables are as the model says, row by row. */
  compare(model: Model): Promise<void>;
  /** Empties the tables. */
  reset(): Promise<void>;
  close(): Promise<void>;
};

export async function openInboxWorld(places: number): Promise<InboxWorld> {
  const database = await freshDatabase();
  const postgres = connectPostgres({ url: new Secret(database.url), connectionsMax: 12, report() {} });
  await migrate(postgres);
  const open = async () => {
    const presence = await holdPresence(postgres, () => {});
    return { presence, inbox: postgresInbox(postgres, presence, 0) };
  };
  const instances: { presence: HeldPresence; inbox: Inbox }[] = [];
  for (let place = 0; place < places; place++) instances.push(await open());
  const at = (place: number) => {
    const instance = instances[place];
    if (!instance) throw new Error(`there is no instance ${place}`);
    return instance;
  };
  const query = async <Row extends object>(name: string, text: string, values: readonly unknown[] = []) =>
    await postgres.query<Row>({ name: `test-${name}`, text }, values);

  const ids = await postgresSessions(postgres).open(message());
  return {
    postgres,
    answer: { ...ids, text: "the answer", model: "small", latencyMs: 1 },
    parkedTurns: postgresParkedTurns(postgres),
    inboxAt: (place) => at(place).inbox,
    async replaceInstance(place) {
      const { presence } = at(place);
      await presence.release();
      await until(
        async () => (await query("lock", lockOf, [presenceLock, presence.instance])).length === 0,
        "it is dead",
      );
      instances[place] = await open();
    },
    async passTime(room) {
      await query("pass-time", "update rooms set due_at = now() where room = $1 and due_at < 'infinity'", [room]);
    },
    async idOf({ key, room }) {
      const [row] = await query<{ id: string }>("id", turnOf, [room.name, key]);
      return row?.id ?? "none";
    },
    async unfinishedBefore(turnId) {
      const [row] = await query<{ count: number }>("unfinished-before", unfinishedBefore, [turnId]);
      return row?.count ?? 0;
    },
    turns: () => query<EndedTurn>("turns", allTurns),
    async compare(model) {
      const rows = await query<RoomRow>("rooms", allRooms);
      expect(rows.map(({ room, turns }) => ({ room, turns: turns ?? [] }))).toEqual(expectedTurns(model));
      for (const { room, due, is_held } of rows) {
        const expected = model.rooms.get(room);
        const isIdle = !expected?.turns.some(isUnfinished);
        // A room without work may be due: whoever claims there finds nothing and lets it rest.
        if (isIdle) expect(["never", "now"], room).toContain(due);
        else expect({ room, due }).toEqual({ room, due: expected?.due === "leased" ? "later" : expected?.due });
        if (!isIdle) expect({ room, isHeld: is_held }).toEqual({ room, isHeld: expected?.holder !== undefined });
      }
    },
    async reset() {
      await query("reset", "truncate rooms, turns, messages");
    },
    async close() {
      for (const { presence } of instances) await presence.release();
      await postgres.close();
      await database.drop();
    },
  };
}

const lockOf = `select from pg_locks where locktype = 'advisory' and classid = $1::bigint::oid and objid = $2::bigint::oid and objsubid = 2`;

const turnOf = `select turns.id from turns join rooms on rooms.id = turns.room_id where rooms.room = $1 and turns.message_id = $2`;

const unfinishedBefore = `select count(*)::integer as count from turns mine join turns other using (room_id)
   where mine.id = $1 and other.seq < mine.seq and other.state in ('waiting', 'answered')`;

/** In microseconds. */
export type EndedTurn = {
  readonly room: string;
  readonly key: string;
  readonly state: string;
  readonly ended_at: number | null;
};

const allTurns = `select room, message_id as key, state, (extract(epoch from ended_at) * 1000000)::float8 as ended_at
    from turns join rooms on rooms.id = turns.room_id order by room, seq`;

type RoomRow = { room: string; due: "never" | "now" | "later"; is_held: boolean; turns: unknown[] | null };

const allRooms = `select room, holder is not null as is_held,
    case when due_at = 'infinity' then 'never' when due_at <= now() then 'now' else 'later' end as due,
    (select json_agg(json_build_object('key', message_id, 'state', state, 'attempt', attempt, 'crashes', crashes, 'parts', parts,
        'reply', reply, 'stopRequested', stop_requested, 'stoppedTurn', stopped_turn, 'wasQueued', queued, 'begun', begun_at is not null,
        'discarded', discarded_at is not null,
        'isShut', coalesce(seq <= rooms.shut_seq, false)) order by seq)
       from turns where turns.room_id = rooms.id) as turns
  from rooms order by room collate "C"`;

function expectedTurns({ rooms }: Model) {
  return [...rooms.values()]
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, turns }) => ({
      room: name,
      turns: turns.map((turn) => ({ ...turn, room: undefined, error: undefined, reply: turn.reply ?? null })),
    }));
}
