import pg from "pg";
import { createClient } from "redis";
import { type AiDouble, type AiDoubleOptions, startAiDouble } from "../doubles/ai-double.ts";
import { freshDatabase } from "../setup/fresh-database.ts";
import { findRedis } from "../setup/find-redis.ts";
import { redisUrl, startRedis } from "../setup/redis.ts";
import { until } from "../until.ts";
import { type Environment, type Parley, startParley } from "./start-parley.ts";

/** A database, an AI and as many instances of Parley as a story needs. */
export type World = {
  readonly databaseUrl: string;
  readonly ai: AiDouble;
  /** The settings of an instance in this world. */
  settings(more?: Environment): Environment;
  start(more?: Environment): Promise<Parley>;
  /** Counts rows, such as "turns where state = 'waiting'". */
  count(from: string): Promise<number>;
  /** Writes into the database what cannot be done from outside yet. */
  run(statement: string): Promise<void>;
  /** Nobody can connect to the database until the returned function is called, and whoever was is not any more. */
  closeDatabase(): Promise<() => Promise<void>>;
  /** Nobody can write turns until the returned function is called. */
  lockTurns(): Promise<() => Promise<void>>;
  /** Once all instances hear each other by Redis: what they tell each other from then on. */
  hearHints(): Promise<() => string>;
  /** Ends everything, and fails if the AI was asked anything that it does not know. */
  close(): Promise<void>;
};

/** Opens a world of the caller's own; with Redis where there is one. */
export async function openWorld(ai: AiDoubleOptions = {}): Promise<World> {
  const database = await freshDatabase();
  const double = await startAiDouble(ai);
  // Of its own where it can be: people of the same id in two stories must not share their limits.
  const redis = findRedis() ? await startRedis() : undefined;
  let client = await connect(database.url);
  const instances: Parley[] = [];
  const listeners: { destroy(): void }[] = [];

  const settings = (more: Environment = {}): Environment => ({
    DATABASE_URL: database.url,
    REDIS_URL: redis?.url ?? redisUrl(),
    AI_BASE_URL: double.baseUrl,
    AI_API_KEY: "a-key-of-the-double",
    DEFAULT_MODEL: "test-model",
    RATE_LIMIT_PER_MINUTE: "1000",
    ...more,
  });
  return {
    databaseUrl: database.url,
    ai: double,
    settings,
    async start(more) {
      const parley = await startParley(settings(more));
      instances.push(parley);
      return parley;
    },
    async count(from) {
      const { rows } = await client.query<{ count: number }>(`select count(*)::integer as count from ${from}`);
      return rows[0]?.count ?? 0;
    },
    run: async (statement) => void (await client.query(statement)),
    async closeDatabase() {
      const server = new URL(database.url);
      const name = server.pathname.slice(1);
      server.pathname = "/postgres";
      const outside = new pg.Client(server.href);
      await outside.connect();
      await client.end();
      await outside.query(`alter database ${name} allow_connections false`);
      await outside.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [name]);
      return async () => {
        await outside.query(`alter database ${name} allow_connections true`);
        await outside.end();
        client = await connect(database.url);
      };
    },
    async lockTurns() {
      await client.query("begin");
      await client.query("lock table turns in exclusive mode");
      return async () => void (await client.query("commit"));
    },
    async hearHints() {
      const listener = createClient({ url: redis?.url ?? redisUrl() ?? "" });
      listener.on("error", () => {});
      listeners.push(await listener.connect());
      const listening = async () => (await listener.pubSubNumSub(["parley:hints"]))["parley:hints"] ?? 0;
      await until(async () => (await listening()) >= instances.length, "the instances hear each other");
      let heard = "";
      await listener.subscribe("parley:hints", (text) => (heard += text));
      return () => heard;
    },
    async close() {
      for (const listener of listeners) listener.destroy();
      await client.end();
      await Promise.all(instances.map((parley) => parley.kill()));
      await double.stop();
      await redis?.stop();
      await database.drop();
      if (double.unknownRequests.length > 0)
        throw new Error(`the AI was asked what it does not know: ${double.unknownRequests.join("; ")}`);
    },
  };
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client(url);
  await client.connect();
  return client;
}
