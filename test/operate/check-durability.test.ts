import { afterEach, beforeEach, expect, test } from "vitest";
import { Secret } from "../../src/secret.ts";
import { checkDurability } from "../../src/store/postgres/check-durability.ts";
import { connectPostgres, type Postgres } from "../../src/store/postgres/connect-postgres.ts";
import { type FreshDatabase, freshDatabase } from "../setup/fresh-database.ts";
import { startParley } from "../story/start-parley.ts";

let database: FreshDatabase;
let postgres: Postgres;
const connect = () => connectPostgres({ url: new Secret(database.url), connectionsMax: 1, report() {} });
const set = async (setting: string) => {
  const name = new URL(database.url).pathname.slice(1);
  await postgres.query({ name: "set", text: `alter database ${name} set ${setting}` }, []);
  await postgres.close();
  postgres = connect(); // it holds for new connections
};

beforeEach(async () => {
  database = await freshDatabase();
  postgres = connect();
});
afterEach(async () => {
  await postgres.close();
  await database.drop();
});

test("a PostgreSQL as it should be is not worth a word", async () => {
  expect(await checkDurability(postgres)).toEqual([]);
});

test("one that commits to the disk but not to its replicas is none either", async () => {
  await set("synchronous_commit = local");
  expect(await checkDurability(postgres)).toEqual([]);
});

test("a start on one that says “committed” before it is on disk warns loudly, and goes on", async () => {
  await set("synchronous_commit = off");
  expect(await checkDurability(postgres)).toEqual([
    expect.stringMatching(/^MESSAGES CAN BE LOST: .*synchronous_commit = on.*set by: database/),
  ]);
  const parley = await startParley({ DATABASE_URL: database.url });
  expect(parley.output()).toMatch(/"level":"warn".*MESSAGES CAN BE LOST/);
  expect(await parley.stop()).toBe(0);
});
