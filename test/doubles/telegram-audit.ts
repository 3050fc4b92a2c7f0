import { watchFlights } from "./watch-flights.ts";

/** What happened to a message of the bot's. */
export type Entry = {
  readonly chat: number;
  readonly messageId: number;
  readonly kind: "sent" | "edited" | "deleted";
  readonly text: string;
  readonly atMs: number;
};

/** Remembers what the bot did to each room, and what it must not have done. */
export class TelegramAudit {
  readonly entries: Entry[] = [];
  readonly violations: string[] = [];
  readonly flights = watchFlights(this.violations);
  readonly #bans = new Map<number, { sinceMs: number; untilMs: number }>();

  note(entry: Omit<Entry, "atMs">): void {
    this.entries.push({ ...entry, atMs: Date.now() });
  }

  /** The chat is to be left alone for so many seconds. */
  ban(chat: number, seconds: number): void {
    const nowMs = Date.now();
    this.#bans.set(chat, { sinceMs: this.#bans.get(chat)?.sinceMs ?? nowMs, untilMs: nowMs + seconds * 1000 });
  }

  /** A call to the chat. Returns the seconds to wait when it is banned, which a call prolongs. */
  call(method: string, chat: number): number | undefined {
    const nowMs = Date.now();
    const ban = this.#bans.get(chat);
    if (!ban) return undefined;
    const leftMs = ban.untilMs - nowMs;
    if (leftMs <= 0) {
      this.#bans.delete(chat);
      return undefined;
    }
    if (nowMs - ban.sinceMs > onTheWayMs)
      this.violations.push(`${method} to ${chat}, ${leftMs} ms before its retry_after was over`);
    const seconds = Math.ceil(leftMs / 1000) + 1;
    ban.untilMs = nowMs + seconds * 1000;
    return seconds;
  }
}

/** What was already on its way when the chat was banned is no violation. */
const onTheWayMs = 250;
