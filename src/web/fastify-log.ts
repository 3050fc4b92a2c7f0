import type { FastifyBaseLogger } from "fastify";
import type { Log } from "./log.ts";

/** Fastify's own words for our log: what went wrong only. Requests are logged by us. */
export function fastifyLog(log: Log): FastifyBaseLogger {
  const pass = (level: "warn" | "error") => (fields: unknown, message?: string) => {
    const isText = typeof fields === "string";
    log[level](isText ? {} : { details: fields }, message ?? (isText ? fields : "HTTP server"));
  };
  const silent = () => {};
  const logger: FastifyBaseLogger = {
    level: "warn",
    fatal: pass("error"),
    error: pass("error"),
    warn: pass("warn"),
    info: silent,
    debug: silent,
    trace: silent,
    silent,
    child: () => logger,
  };
  return logger;
}
