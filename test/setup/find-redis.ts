import { findProgram } from "./find-program.ts";

/** The program of a Redis server, as a full path. To be called "redis-server": Debian's redis-tools has it under another name. */
export function findRedis(): string | undefined {
  return findProgram("redis-server", "valkey-server", "redis-check-rdb");
}
