import { Agent, request } from "node:http";

export type Delivery = { readonly updateId: number; readonly status: number; readonly atMs: number };

/** What becomes of an update's next delivery. */
export type DeliveryFate = (updateId: number) => "away" | "ack-lost" | "doubled" | undefined;

type Update = { readonly update_id: number };
type Target = { readonly url: string; readonly secret?: string | undefined; readonly connectionsMax: number };

/**
 * Delivers updates as Telegram does: in order within a chat, again and again until a 2xx, not before a Retry-After is
 * over. What waits when the webhook is removed stays for the next receiver.
 */
export class TelegramWebhook {
  readonly deliveries: Delivery[] = [];
  readonly #target: Target;
  readonly #agent: Agent;
  readonly #confirm: (update: Update) => void;
  readonly #chats = new Map<string, Update[]>();
  readonly #fate: DeliveryFate;
  #closed = false;

  constructor(target: Target, fate: DeliveryFate, confirm: (update: Update) => void) {
    this.#target = target;
    this.#fate = fate;
    this.#confirm = confirm;
    this.#agent = new Agent({ keepAlive: true, maxSockets: target.connectionsMax });
  }

  get target(): Target {
    return this.#target;
  }

  push(chat: string, update: Update): void {
    const queue = this.#chats.get(chat);
    if (queue) queue.push(update);
    else {
      this.#chats.set(chat, [update]);
      void this.#deliver(chat);
    }
  }

  close(): void {
    this.#closed = true;
    this.#agent.destroy();
  }

  async #deliver(chat: string): Promise<void> {
    const queue = this.#chats.get(chat) ?? [];
    for (let pauseMs = 50; queue.length > 0 && !this.#closed;) {
      const [update] = queue;
      if (!update) break;
      const fate = this.#fate(update.update_id);
      if (fate === "away") {
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
        continue;
      }
      const posts = fate === "doubled" ? [this.#post(update), this.#post(update)] : [this.#post(update)];
      const answers = await Promise.all(posts);
      if (this.#closed) return;
      for (const { status } of answers) this.deliveries.push({ updateId: update.update_id, status, atMs: Date.now() });
      const retryAfterMs = answers[0]?.retryAfterMs;
      if (fate !== "ack-lost" && answers.some(({ status }) => status >= 200 && status < 300)) {
        queue.shift();
        this.#confirm(update);
        pauseMs = 50;
      } else {
        await new Promise((resolve) => setTimeout(resolve, retryAfterMs ?? pauseMs));
        pauseMs = Math.min(2_000, pauseMs * 2);
      }
    }
    this.#chats.delete(chat);
  }

  #post(update: Update): Promise<{ status: number; retryAfterMs?: number }> {
    const { url, secret } = this.#target;
    return new Promise((resolve) => {
      const headers = {
        "content-type": "application/json",
        ...(secret !== undefined && { "x-telegram-bot-api-secret-token": secret }),
      };
      const sending = request(url, { method: "POST", agent: this.#agent, headers, timeout: 10_000 }, (response) => {
        response.resume();
        const after = Number(response.headers["retry-after"]);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, ...(after > 0 && { retryAfterMs: after * 1000 }) }),
        );
        response.on("error", () => resolve({ status: 0 }));
      });
      sending.on("timeout", () => sending.destroy());
      sending.on("error", () => resolve({ status: 0 }));
      sending.end(JSON.stringify(update));
    });
  }
}
