import { hash } from "node:crypto";

/** How often, from 0 to 1, something goes wrong. The same seed makes the same faults, room by room, in whatever order rooms come. */
export type Chaos = {
  readonly seed: number;
  /** Calls to chats that are carried out, and whose answer is lost. */
  readonly applyThenReset?: number;
  /** Calls to chats that are lost on their way. */
  readonly reset?: number;
  readonly status502?: number;
  readonly status429?: number;
  /** In seconds, with `status429`. */
  readonly retryAfter?: number;
  /** The methods that this happens to. All that name a chat, if absent. */
  readonly methods?: readonly string[];
  /** Webhook deliveries whose acknowledgement is lost, so that they come again. */
  readonly ackLost?: number;
  /** Webhook deliveries that come twice at once. */
  readonly doubled?: number;
};

type ChaosFault = "apply-then-reset" | "reset" | "html" | { status: 429; description: string; retryAfter: number };

/** Draws the faults of a chaos. */
export class TelegramChaos {
  readonly #chaos: Chaos;
  readonly #counts = new Map<string, number>();

  constructor(chaos: Chaos) {
    this.#chaos = chaos;
  }

  /** What becomes of the chat's next call. */
  faultOf(method: string, chat: number): ChaosFault | undefined {
    const { methods, retryAfter = 1 } = this.#chaos;
    if (methods && !methods.includes(method)) return undefined;
    const refusal = { status: 429, description: `Too Many Requests: retry after ${retryAfter}`, retryAfter } as const;
    return this.#draw<ChaosFault>(`call/${chat}`, [
      [this.#chaos.applyThenReset, "apply-then-reset"],
      [this.#chaos.reset, "reset"],
      [this.#chaos.status502, "html"],
      [this.#chaos.status429, refusal],
    ]);
  }

  /** What becomes of the update's next delivery. */
  deliveryOf(updateId: number): "ack-lost" | "doubled" | undefined {
    return this.#draw<"ack-lost" | "doubled">(`delivery/${updateId}`, [
      [this.#chaos.ackLost, "ack-lost"],
      [this.#chaos.doubled, "doubled"],
    ]);
  }

  #draw<T>(what: string, shares: readonly (readonly [share: number | undefined, outcome: T])[]): T | undefined {
    const count = (this.#counts.get(what) ?? 0) + 1;
    this.#counts.set(what, count);
    let left = hash("sha1", `${this.#chaos.seed}/${what}/${count}`, "buffer").readUInt32BE() / 2 ** 32;
    for (const [share = 0, outcome] of shares) {
      if (left < share) return outcome;
      left -= share;
    }
    return undefined;
  }
}
