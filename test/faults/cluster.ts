import { fileURLToPath } from "node:url";
import pg from "pg";
import { type AiDouble, startAiDouble } from "../doubles/ai-double.ts";
import { type DiscordDouble, startDiscordDouble } from "../doubles/discord-double.ts";
import { startTelegramDouble, type TelegramDouble } from "../doubles/telegram-double.ts";
import { type RedisServer, startRedis } from "../setup/redis.ts";
import { type Environment, type Parley, startParley } from "../story/start-parley.ts";
import { until } from "../until.ts";
import { type Balancer, startBalancer } from "./balancer.ts";
import { type DatabaseServer, startDatabaseServer } from "./database-server.ts";
import { type Random, seededRandom } from "./random.ts";
import { startTcpFaultProxy, type TcpFaultProxy } from "./tcp-fault-proxy.ts";
import { installWitness } from "./witness.ts";

/** When something happened to a process, so that another one may take its turns, and ask the AI again for them. */
export type Disturbance = { readonly process: string; readonly fromMs: number; readonly untilMs: number };

/** One of the instances: killed, it is started again at the same place, as another process. */
export type Instance = {
  readonly name: string;
  /** The process that runs: the key that it shows to the AI, and the name of its connections to the database. */
  readonly process: string;
  /** Between it and everything else: to partition this one only. */
  readonly ways: Readonly<Record<Way, TcpFaultProxy>>;
  readonly url: string;
  start(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
  /** SIGTERM, until it has gone. */
  terminate(): Promise<{ readonly code: number | null; readonly tookMs: number }>;
  /** SIGSTOP for so long, then SIGCONT. */
  freeze(ms: number): Promise<void>;
  /** What ended although nobody had ended it. */
  readonly deaths: readonly string[];
  output(): string;
};

const ways = ["postgres", "redis", "ai", "telegram", "discord"] as const;
export type Way = (typeof ways)[number];

/** Three instances of the program behind a balancer, on one PostgreSQL and one Redis, and the world around them. */
export type Cluster = {
  readonly seed: number;
  readonly random: Random;
  readonly instances: readonly Instance[];
  readonly balancer: Balancer;
  readonly database: DatabaseServer;
  readonly redis: { server: RedisServer | undefined; kill(): Promise<void>; start(): Promise<void> };
  readonly telegram: TelegramDouble;
  readonly discord: DiscordDouble;
  readonly ai: AiDouble;
  readonly disturbances: Disturbance[];
  /** When what a process sent to the platforms was held back on its way: at the end it all arrives, however old. */
  readonly holdUps: Disturbance[];
  query<Row extends object>(sql: string): Promise<Row[]>;
  close(): Promise<void>;
};

export type ClusterOptions = {
  readonly seed: number;
  /** How Telegram's messages arrive. */
  readonly telegram: "webhook" | "polling";
  readonly discord?: true;
  readonly environment?: Environment;
  /** For one instance each, by its name. */
  readonly environments?: Readonly<Record<string, Environment>>;
  /** Between two words of the AI. */
  readonly tokenMs?: number;
  /** The instances are not started. */
  readonly startsLater?: true;
  /** Redis is not there when they start, nor before somebody starts it. */
  readonly withoutRedis?: true;
};

const names = ["A", "B", "C"];
/** `node --import` of this shifts a process's clock. */
export const clockShift = fileURLToPath(new URL("shift-clock.ts", import.meta.url));

/** Opens it; the instances serve when it resolves. */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const random = seededRandom(options.seed);
  const closing: (() => Promise<unknown>)[] = [];
  const opened = <T>(thing: T, close: (thing: T) => Promise<unknown>): T => {
    closing.push(() => close(thing));
    return thing;
  };
  const close = async () => {
    for (const step of closing.toReversed()) await step();
  };
  try {
    const database = opened(await startDatabaseServer(), (server) => server.close());
    const { url, through } = await database.create();
    await installWitness(url);
    const redisServer = await startRedis();
    const redis: Cluster["redis"] = {
      server: redisServer,
      async kill() {
        await redis.server?.kill();
        redis.server = undefined;
      },
      async start() {
        redis.server ??= await startRedis(redisServer.port);
      },
    };
    closing.push(redis.kill);
    const ai = opened(await startAiDouble({ tokenMs: options.tokenMs ?? 15 }), (double) => double.stop());
    // By platform and port: whose connection is the newest that came from it.
    const callers = new Map<string, string>();
    const callerOf = (way: Way) => (port: number) => callers.get(`${way}/${port}`);
    const onTelegram = { floodLimits: false, callerOf: callerOf("telegram") };
    const telegram = opened(await startTelegramDouble(onTelegram), (double) => double.close());
    const onDiscord = { ...calmDiscord, callerOf: callerOf("discord") };
    const discord = opened(await startDiscordDouble(onDiscord), (double) => double.close());

    const running = new Map<string, string>();
    const balancer = opened(await startBalancer(() => [...running.values()], seededRandom(options.seed + 1)), (it) =>
      it.close(),
    );
    const disturbances: Disturbance[] = [];
    const processes = new Map<string, string>();
    const settings: Environment = {
      DEFAULT_MODEL: "test-model",
      TELEGRAM_TOKEN: telegram.token,
      TELEGRAM_WEBHOOK_URL: options.telegram === "webhook" ? balancer.url : undefined,
      DISCORD_TOKEN: options.discord && discord.token,
      RATE_LIMIT_PER_MINUTE: "100000",
      HTTP_RATE_LIMIT_PER_MINUTE: "1000000",
      CONTEXT_TOKENS: "1000000",
      LOG_LEVEL: "warn",
      ...options.environment,
    };
    const upstreams = {
      postgres: database.upstream,
      redis: { host: "127.0.0.1", port: redisServer.port },
      ai: addressOf(ai.baseUrl),
      telegram: addressOf(telegram.url),
      discord: addressOf(discord.apiBase),
    };
    const instances = await Promise.all(
      names.map(async (name) => {
        const note = (way: Way) => () => {
          const caller = processes.get(name) ?? name;
          return (port: number) => void callers.set(`${way}/${port}`, caller);
        };
        const opening = ways.map(async (way) => [way, await startTcpFaultProxy(upstreams[way], note(way))] as const);
        const proxies = Object.fromEntries(await Promise.all(opening)) as Record<Way, TcpFaultProxy>;
        const port = (way: Way) => proxies[way].port;
        closing.push(() => Promise.all(Object.values(proxies).map((proxy) => proxy.close())));
        const environment: Environment = {
          ...settings,
          DATABASE_URL: through(port("postgres")),
          REDIS_URL: `redis://127.0.0.1:${port("redis")}`,
          AI_BASE_URL: `http://127.0.0.1:${port("ai")}/v1`,
          TELEGRAM_API_ROOT: `http://127.0.0.1:${port("telegram")}`,
          DISCORD_API_BASE: `http://127.0.0.1:${port("discord")}/api`,
          ...options.environments?.[name],
        };
        return instance(name, { environment, ways: proxies, running, disturbances, processes });
      }),
    );
    closing.push(() => Promise.all(instances.map((one) => one.kill())));
    if (options.withoutRedis) await redis.kill();
    if (!options.startsLater) await startAll(instances);
    // Before that Discord has nobody to tell.
    if (options.discord) await until(() => discord.connected() > 0, "someone listens to Discord", 30_000);

    const pool = new pg.Pool({ connectionString: url, max: 2 });
    pool.on("error", () => {});
    closing.push(() => pool.end());
    return {
      seed: options.seed,
      random,
      instances,
      balancer,
      database,
      redis,
      telegram,
      discord,
      ai,
      disturbances,
      holdUps: [],
      query: async <Row extends object>(sql: string) => (await pool.query<Row>(sql)).rows,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Waits for all of them, also when one fails: each can then be ended. */
export async function startAll(instances: readonly Instance[]): Promise<void> {
  const starts = await Promise.allSettled(instances.map((one) => one.start()));
  for (const start of starts) if (start.status === "rejected") throw start.reason;
}

/** The limits of Discord are another test's business. */
const calmDiscord = { rateLimit: undefined, globalPerSecond: 100_000 };

function addressOf(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}

type Place = {
  readonly environment: Environment;
  readonly ways: Readonly<Record<Way, TcpFaultProxy>>;
  /** Whom the balancer knows. */
  readonly running: Map<string, string>;
  readonly disturbances: Disturbance[];
  /** Which process of each instance runs now. */
  readonly processes: Map<string, string>;
};

function instance(name: string, { environment, ways, running, disturbances, processes }: Place): Instance {
  let parley: Parley | undefined;
  let generation = 0;
  let said = "";
  let isToEnd = false;
  const deaths: string[] = [];
  const process = () => `${name}${generation}`;
  const ended = () => {
    running.delete(name);
    if (parley) said += parley.output();
    parley = undefined;
  };
  const note = (fromMs: number, untilMs: number) => disturbances.push({ process: process(), fromMs, untilMs });

  return {
    name,
    ways,
    get process() {
      return process();
    },
    get url() {
      return parley?.url ?? "";
    },
    async start() {
      generation += 1;
      processes.set(name, process());
      const database = `${environment["DATABASE_URL"]}?application_name=${process()}`;
      parley = await startParley({ ...environment, DATABASE_URL: database, AI_API_KEY: process() });
      running.set(name, parley.url);
      isToEnd = false;
      void parley.exited.then((code) => !isToEnd && deaths.push(`${process()} ended by itself with ${code}`));
    },
    async kill() {
      const atMs = Date.now();
      isToEnd = true;
      await parley?.kill();
      note(atMs, Infinity);
      ended();
    },
    async terminate() {
      const atMs = Date.now();
      isToEnd = true;
      const code = (await parley?.stop()) ?? null;
      note(atMs, Infinity);
      ended();
      return { code, tookMs: Date.now() - atMs };
    },
    async freeze(ms) {
      const atMs = Date.now();
      parley?.signal("SIGSTOP");
      await new Promise((resolve) => setTimeout(resolve, ms));
      parley?.signal("SIGCONT");
      note(atMs, Date.now());
    },
    deaths,
    output: () => said + (parley?.output() ?? ""),
  };
}
