import { type Kysely, sql } from "kysely";

/** Parked turns that an operator has discarded. The state stays "parked": for the room nothing has changed. */
export const operators = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql.raw(`alter table turns add column discarded_at timestamptz`).execute(db);
  },
};
