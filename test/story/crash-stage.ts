import pg from "pg";
import { openSide, type Side, type Way } from "./crash-rooms.ts";
import { openScript, type Script } from "./crash-script.ts";
import { openWorld, type World } from "./open-world.ts";

/** Where messages come and go one way, and the program that dies there again and again. */
export type Stage = {
  readonly world: World;
  readonly side: Side;
  readonly script: Script;
  readonly query: <R extends object>(sql: string, values: readonly unknown[]) => Promise<readonly R[]>;
  /** Fails if the AI was asked what it does not know. */
  close(): Promise<void>;
};

export async function openStage(way: Way): Promise<Stage> {
  const world = await openWorld();
  const side = await openSide(way);
  const client = new pg.Client(world.databaseUrl);
  await client.connect();
  return {
    world,
    side,
    script: openScript(world.ai, side),
    query: async (sql, values) => (await client.query(sql, [...values])).rows,
    async close() {
      await client.end();
      await world.close();
      await side.close();
    },
  };
}
