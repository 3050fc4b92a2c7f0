/** Telegram's limits: about 1 message/s in a private chat, short bursts allowed; 20 a minute in a group. Edits count. */
export class TelegramFlood {
  readonly #sentMs = new Map<number, number[]>();
  readonly #bannedUntilMs = new Map<number, number>();

  /** Counts a message to the chat. Returns the seconds to wait if it is one too many; calling during a ban prolongs it. */
  count(chatId: number, nowMs: number): number | undefined {
    const bannedUntilMs = this.#bannedUntilMs.get(chatId) ?? 0;
    if (nowMs < bannedUntilMs) return this.#ban(chatId, bannedUntilMs + 1000, nowMs);

    const [most, windowMs] = chatId > 0 ? [burst, burst * 1000] : [20, 60_000];
    const recent = (this.#sentMs.get(chatId) ?? []).filter((atMs) => atMs > nowMs - windowMs);
    this.#sentMs.set(chatId, recent);
    const [oldest] = recent;
    if (recent.length >= most && oldest !== undefined) return this.#ban(chatId, oldest + windowMs, nowMs);
    recent.push(nowMs);
    return undefined;
  }

  #ban(chatId: number, untilMs: number, nowMs: number): number {
    const seconds = Math.max(1, Math.ceil((untilMs - nowMs) / 1000));
    this.#bannedUntilMs.set(chatId, nowMs + seconds * 1000);
    return seconds;
  }
}

const burst = 8;
