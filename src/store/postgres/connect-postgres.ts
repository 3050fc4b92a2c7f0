import pg from "pg";
import { StoreError } from "../../conversation/domain/errors.ts";
import type { Secret } from "../../secret.ts";
import { sayGoodbye } from "./say-goodbye.ts";

/** One PostgreSQL, as the rest of the store uses it. */
export type Postgres = {
  /** Runs one statement; `name` makes the server plan it once a connection. Throws StoreError when the database is away. */
  query<Row extends object>(statement: Statement, values: readonly unknown[]): Promise<Row[]>;
  /** Runs statements in one transaction on one connection. */
  transaction<T>(run: (query: Postgres["query"]) => Promise<T>): Promise<T>;
  /** A connection of one's own, for what lasts: locks and LISTEN. The caller ends it. */
  dedicated(): Promise<pg.Client>;
  /** Throws StoreError when the database does not answer, or takes no writes, as a standby. */
  ping(): Promise<void>;
  close(): Promise<void>;
};

export type Statement = { readonly name: string; readonly text: string };

export type PostgresOptions = {
  readonly url: Secret;
  readonly connectionsMax: number;
  /** Told of connections that break while idle; the pool replaces them by itself. */
  readonly report: (what: string, error: unknown) => void;
};

const connectMs = 5_000;
const statementMs = 15_000;

/** Opens the pool. Connects at first use. */
export function connectPostgres({ url, connectionsMax, report }: PostgresOptions): Postgres {
  const options = {
    connectionString: url.reveal(),
    connectionTimeoutMillis: connectMs,
    query_timeout: statementMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    application_name: "parley",
  };
  const pool = new pg.Pool({ ...options, max: connectionsMax, idleTimeoutMillis: 60_000 });
  // Without a listener a restart of the database would kill the process.
  pool.on("error", (error) => report("an idle connection to the database broke", error));
  // Nor does the pool listen to those that are in use: what breaks there, the statement tells.
  pool.on("connect", (client) => client.on("error", () => {}));

  const queryOn =
    (client: Pick<pg.ClientBase, "query">): Postgres["query"] =>
    async <Row extends object>(statement: Statement, values: readonly unknown[]) => {
      try {
        const result = await client.query<Row>({ ...statement, values: [...values] });
        return result.rows;
      } catch (error) {
        throw translate(error);
      }
    };
  const query = queryOn(pool);

  return {
    query,
    async transaction(run) {
      const client = await pool.connect().catch((error: unknown) => {
        throw translate(error);
      });
      try {
        await queryOn(client)(begin, []);
        await queryOn(client)(boundIdle, []);
        const result = await run(queryOn(client));
        await queryOn(client)(commit, []);
        client.release();
        return result;
      } catch (error) {
        client.release(true); // closing it rolls back, also when the connection is half dead
        throw error;
      }
    },
    async dedicated() {
      const client = new pg.Client(options);
      client.on("error", () => {}); // "end" follows; whoever holds it listens there
      try {
        await client.connect();
        return client;
      } catch (error) {
        throw translate(error);
      }
    },
    async ping() {
      const [answer] = await query<{ readOnly: string }>(ping, []);
      if (answer?.readOnly === "on") throw new StoreError("the database is read-only", undefined);
    },
    close: () => sayGoodbye(pool.end()),
  };
}

const begin = { name: "begin", text: "begin" };
/** An instance that is cut off in the middle must not keep its locks for as long as TCP believes in it. */
const boundIdle = { name: "bound-idle", text: "set local idle_in_transaction_session_timeout = '15s'" };
const commit = { name: "commit", text: "commit" };
const ping = { name: "ping", text: `select 1, current_setting('transaction_read_only') as "readOnly"` };

/** What the database or the way to it failed at is a StoreError, to be tried again; what we said wrong stays as it is. */
function translate(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (ourMistake.test(code)) return error;
  return new StoreError(`the database is not available: ${error.message}`, error);
}

/** SQLSTATE classes: 22 data, 23 constraint, 42 syntax or access; 25006 (read-only) and all others pass by themselves. */
const ourMistake = /^(22|23|42)/;

/** Text as PostgreSQL can hold it: without NUL and half surrogate pairs. */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "");
}

/** JSON as `jsonb` can hold it. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === "string" ? storable(inner) : inner));
}
