import type pg from "pg";
import type { Json } from "../../conversation/domain/json.ts";
import type { Wire } from "../../conversation/ports/wire.ts";
import { bundleHints } from "../bundle-hints.ts";
import { inProcessWire } from "../in-process/in-process-wire.ts";
import type { Postgres } from "./connect-postgres.ts";
import { sayGoodbye } from "./say-goodbye.ts";

/** NOTIFY refuses payloads of 8,000 bytes and more; a character is up to 3 bytes here. */
const bundleCharsMax = 2_600;
const reconnectMs = 1_000;

/**
 * Hints between instances that share a PostgreSQL but no Redis. NOTIFY runs on its own, bundled, never inside a
 * message's transaction, where it would halve the throughput. Long drafts do not fit and are seen when finished.
 */
export function postgresWire(
  postgres: Postgres,
  report: (what: string, error: unknown) => void,
): Wire & { close(): Promise<void> } {
  const near = inProcessWire();
  const bundle = bundleHints(bundleCharsMax, async (text) => {
    await postgres.query(notify, [text]);
  });
  let client: pg.Client | undefined;
  let closed = false;
  let retry: NodeJS.Timeout | undefined;

  const listen = async () => {
    const connection = await postgres.dedicated();
    connection.on("notification", ({ payload }) => bundle.unpack(payload ?? "", near));
    connection.once("end", listenAgain);
    client = connection;
    await connection.query("listen parley");
  };
  const listenAgain = () => {
    if (closed) return;
    clearTimeout(retry); // a failed LISTEN reports twice: by itself and by the end of its connection
    retry = setTimeout(() => void listen().catch(failed), reconnectMs);
  };
  const failed = (error: unknown) => {
    report("listening to the database", error);
    listenAgain();
  };
  listen().catch(failed);

  return {
    send(topic, hint: Json) {
      near.send(topic, hint);
      bundle.add(topic, hint);
    },
    hear: near.hear,
    async close() {
      closed = true;
      clearTimeout(retry);
      if (client) await sayGoodbye(client.end());
    },
  };
}

const notify = { name: "notify", text: "select pg_notify('parley', $1)" };
