import { randomBytes } from "node:crypto";
import { Client } from "pg";
import { inject } from "vitest";

export type FreshDatabase = {
  readonly url: string;
  run(statement: string): Promise<void>;
  /** Closes what is still connected. */
  drop(): Promise<void>;
};

/** An empty database of the caller's own, in a real PostgreSQL that the whole run shares. */
export async function freshDatabase(): Promise<FreshDatabase> {
  const answer = await fetch(inject("postgresDoor"), { signal: AbortSignal.timeout(60_000) });
  const serverUrl = await answer.text();
  if (!answer.ok) throw new Error(`The tests have no PostgreSQL: ${serverUrl}`);
  const name = `test_${randomBytes(6).toString("hex")}`;
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await run(serverUrl, `create database ${name} template template0`);
  return {
    url: url.href,
    run: (statement) => run(url.href, statement),
    drop: () => run(serverUrl, `drop database if exists ${name} with (force)`),
  };
}

async function run(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
