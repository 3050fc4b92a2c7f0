import type { Json } from "../../conversation/domain/json.ts";
import type { Wire } from "../../conversation/ports/wire.ts";

/** A wire whose other end is this process: alone for a single instance, or as the near end of one that reaches further. */
export function inProcessWire(): Wire {
  const listeners = new Map<string, Set<(hint: Json) => void>>();

  return {
    send(topic, hint) {
      for (const listener of listeners.get(topic) ?? []) listener(hint);
    },
    hear(topic, listener, signal) {
      if (signal.aborted) return;
      const ofTopic = listeners.get(topic) ?? new Set();
      listeners.set(topic, ofTopic.add(listener));
      const leave = () => {
        ofTopic.delete(listener);
        if (ofTopic.size === 0) listeners.delete(topic);
      };
      signal.addEventListener("abort", leave, { once: true });
    },
  };
}
