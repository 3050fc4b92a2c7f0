import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { inject } from "vitest";
import { until } from "../until.ts";
import { findFreePort } from "./find-free-port.ts";
import { findRedis } from "./find-redis.ts";

export type RedisServer = {
  readonly url: string;
  readonly port: number;
  /** kill -9. */
  kill(): Promise<void>;
  stop(): Promise<void>;
};

/** The run's Redis. Undefined: none, and the tests that need it are skipped. Shared: use keys of your own. */
export function redisUrl(): string | undefined {
  return inject("redisUrl");
}

/** A server of the caller's own that keeps nothing, on `port` or any free one. */
export async function startRedis(port?: number): Promise<RedisServer> {
  const program = findRedis();
  if (!program) throw new Error("No redis-server or valkey-server is on the PATH: npm test installs one.");
  const chosen = port ?? (await findFreePort());
  const child = spawn(
    program,
    ["--port", String(chosen), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--loglevel", "warning"],
    // The program decides by its name what it is.
    { argv0: "redis-server", cwd: tmpdir(), stdio: ["ignore", "ignore", "inherit"] },
  );
  const end = (signal: NodeJS.Signals) => async () => {
    process.off("exit", killAtExit);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  };
  const killAtExit = () => child.kill("SIGKILL");
  process.on("exit", killAtExit);
  await until(() => child.exitCode !== null || answers(chosen), "Redis starts", 30_000);
  if (child.exitCode !== null) throw new Error(`Redis ended with code ${child.exitCode} while it started.`);
  return { url: `redis://127.0.0.1:${chosen}`, port: chosen, kill: end("SIGKILL"), stop: end("SIGTERM") };
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    socket.write("PING\r\n");
    const [answer] = (await once(socket, "data")) as [Buffer];
    return answer.toString().startsWith("+PONG");
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
