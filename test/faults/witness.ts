import pg from "pg";
import { Secret } from "../../src/secret.ts";
import { connectPostgres } from "../../src/store/postgres/connect-postgres.ts";
import { migrate } from "../../src/store/postgres/migrate.ts";

/** What a process did to a turn, as the database saw it. */
export type Deed = {
  /** By the clock of this machine. */
  readonly atMs: number;
  /** Who, by the name of its connections. */
  readonly process: string;
  readonly kind: "claimed" | "wrote";
  readonly turn: string;
  readonly room: string;
  /** What was asked, such as "R7#12". */
  readonly marker: string;
  readonly attempt: number;
  /** As which it left the turn. */
  readonly state: string;
};

/**
 * Lets a database note every claim of a turn, and every write to its state, parts or reply, with the process that made it. The
 * program knows nothing of it: the tables are made before it starts, and a process is told by its `application_name`.
 */
export async function installWitness(url: string): Promise<void> {
  const postgres = connectPostgres({ url: new Secret(url), connectionsMax: 1, report() {} });
  await migrate(postgres);
  await postgres.close();
  const client = new pg.Client(url);
  await client.connect();
  await client.query(install);
  await client.end();
}

const install = `
  create table witness (
    n bigint generated always as identity primary key,
    at timestamptz not null default clock_timestamp(),
    process text not null default current_setting('application_name'),
    kind text not null,
    turn_id bigint not null,
    attempt integer not null,
    state text not null
  );
  create function note_deed() returns trigger language plpgsql as $$ begin
    insert into witness (kind, turn_id, attempt, state)
    values (case when new.attempt > old.attempt then 'claimed' else 'wrote' end, new.id, new.attempt, new.state);
    return null;
  end $$;
  create trigger witness after update on turns for each row
    when ((new.attempt, new.state, new.parts, new.reply) is distinct from (old.attempt, old.state, old.parts, old.reply))
    execute function note_deed();
`;

/** All of them, oldest first. */
export const readDeeds = `select (extract(epoch from witness.at) * 1000)::float8 as "atMs", process, kind, turn_id as turn,
    rooms.channel || '/' || rooms.room as room, witness.attempt, witness.state,
    coalesce(substring(message->>'text' from 'Question (R\\d+#\\d+)'), '?') as marker
  from witness join turns on turns.id = turn_id join rooms on rooms.id = turns.room_id order by witness.n`;
