import { join } from "node:path";
import { startEmbeddedPostgres } from "../src/store/embedded/embedded-postgres.ts";
import { startRedis } from "../test/setup/redis.ts";
import { startProgram } from "./start-program.ts";

/** What is measured: it takes Telegram's updates and answers them. */
export type System = {
  readonly name: "bare bot" | "Parley, PostgreSQL and Redis" | "Parley, embedded";
  start(place: Place): Promise<RunningSystem>;
};

export type Place = {
  /** Settings that all systems share: where Telegram and the AI are. */
  readonly environment: Readonly<Record<string, string>>;
  /** Empty, and the system's own. */
  readonly dir: string;
  readonly nodeFlags: readonly string[];
};

export type RunningSystem = {
  readonly webhookUrl: string;
  readonly pid: number;
  /** The folder whose `postmaster.pid` names its PostgreSQL. */
  readonly postgresDir?: string;
  stop(): Promise<void>;
};

export const bareBot: System = {
  name: "bare bot",
  async start(place) {
    const bot = await startProgram({ script: "bench/bare-bot.ts", ...place });
    return { webhookUrl: bot.url, pid: bot.pid, stop: bot.stop };
  },
};

export const withPostgresAndRedis: System = {
  name: "Parley, PostgreSQL and Redis",
  async start(place) {
    const redis = await startRedis();
    const postgres = await startEmbeddedPostgres({ dataDir: place.dir, log: () => {} });
    const closeBoth = () => Promise.all([postgres.stop(), redis.stop()]);
    try {
      const parley = await startParley(place, { DATABASE_URL: postgres.url, REDIS_URL: redis.url });
      return {
        ...parley,
        async stop() {
          await parley.stop();
          await closeBoth();
        },
      };
    } catch (error) {
      await closeBoth();
      throw error;
    }
  },
};

export const embedded: System = {
  name: "Parley, embedded",
  start: (place) => startParley(place, { DATA_DIR: place.dir }),
};

/** As its users run it, but for the limit on one person's messages. */
async function startParley(place: Place, store: Readonly<Record<string, string>>): Promise<RunningSystem> {
  const environment = {
    RATE_LIMIT_PER_MINUTE: "1000",
    ...place.environment,
    ...store,
    // Only to have it take updates; the load is sent by us.
    TELEGRAM_WEBHOOK_URL: "https://parley.example",
  };
  const parley = await startProgram({ ...place, script: "src/main.ts", environment });
  return {
    webhookUrl: `${parley.url}/api/webhook/telegram`,
    pid: parley.pid,
    postgresDir: join(place.dir, "postgres", "data"),
    stop: parley.stop,
  };
}
