import { randomUUID } from "node:crypto";
import type { Json } from "../conversation/domain/json.ts";
import type { Wire } from "../conversation/ports/wire.ts";

const bundleMs = 5;
const hintsMax = 1_000;

/** Hints on their way to other instances: those of a few milliseconds travel together, equal ones once. */
export type HintBundle = {
  add(topic: string, hint: Json): void;
  /** Passes the hints of another instance's bundle on; one's own, which come back too, are dropped. */
  unpack(text: string, near: Wire): void;
};

/** `publish` must not throw for long: a bundle that fails is forgotten. Hints above `charsMax` are dropped. */
export function bundleHints(charsMax: number, publish: (text: string) => Promise<void>): HintBundle {
  const self = randomUUID().slice(0, 8);
  const waiting = new Set<string>();
  let timer: NodeJS.Timeout | undefined;

  const flush = () => {
    timer = undefined;
    let bundle: string[] = [];
    let chars = self.length + 2;
    const send = () => {
      if (bundle.length > 0) publish(`${self}[${bundle.join(",")}]`).catch(() => {});
    };
    for (const hint of waiting) {
      if (chars + hint.length + 1 > charsMax) {
        send();
        [bundle, chars] = [[], self.length + 2];
      }
      bundle.push(hint);
      chars += hint.length + 1;
    }
    send();
    waiting.clear();
  };

  return {
    add(topic, hint) {
      const text = JSON.stringify([topic, hint]);
      if (text.length + self.length + 3 > charsMax || waiting.size >= hintsMax) return;
      waiting.add(text);
      timer ??= setTimeout(flush, bundleMs);
    },
    unpack(text, near) {
      if (text.startsWith(`${self}[`)) return;
      for (const [topic, hint] of readBundle(text)) near.send(topic, hint);
    },
  };
}

/** Others may publish on the same wire, also nonsense. */
function readBundle(text: string): readonly (readonly [string, Json])[] {
  try {
    const hints: unknown = JSON.parse(text.slice(text.indexOf("[")));
    return Array.isArray(hints) ? hints.filter(isHint) : [];
  } catch {
    return [];
  }
}

function isHint(value: unknown): value is [string, Json] {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === "string";
}
