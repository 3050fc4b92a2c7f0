import type { Json } from "../../conversation/domain/json.ts";
import { pause } from "../../conversation/domain/pause.ts";
import type { Wire } from "../../conversation/ports/wire.ts";
import { bundleHints } from "../bundle-hints.ts";
import { inProcessWire } from "../in-process/in-process-wire.ts";
import type { Redis } from "./connect-redis.ts";

const channel = "parley:hints";
const closeMsMax = 1_000;
const bundleCharsMax = 1_000_000;

/** Hints over Redis pub/sub; what is sent here is heard here at once, with or without Redis. */
export function redisWire(
  { client, attempt }: Redis,
  report: (what: string, error: unknown) => void,
): Wire & { close(): Promise<void> } {
  const near = inProcessWire();
  const bundle = bundleHints(bundleCharsMax, async (text) => {
    await attempt((connection) => connection.publish(channel, text));
  });
  // Subscribing takes a connection of its own; it subscribes again by itself after each reconnect.
  const subscriber = client.duplicate();
  subscriber.on("error", (error: unknown) => report("listening to Redis", error));
  const closed = new AbortController();
  const listening = subscriber.connect().then(() => subscriber.subscribe(channel, (text) => bundle.unpack(text, near)));
  listening.catch((error: unknown) => report("listening to Redis", error));

  return {
    send(topic, hint: Json) {
      near.send(topic, hint);
      bundle.add(topic, hint);
    },
    hear: near.hear,
    async close() {
      // Destroyed while it connects, it would come up afterwards and stay.
      await Promise.race([listening.catch(() => {}), pause(closeMsMax, closed.signal)]);
      closed.abort();
      subscriber.destroy();
    },
  };
}
