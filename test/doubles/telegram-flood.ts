/**
 * Telegram's limits: about 1 message/s in a private chat, short bursts allowed; 20 a minute in a group; so many a second over all chats,
 * if that is given. Edits count.
 */
export class TelegramFlood {
  readonly #sentMs = new Map<number, number[]>();
  readonly #botPerSecond: number;
  #botSentMs: number[] = [];

  constructor(botPerSecond = Number.POSITIVE_INFINITY) {
    this.#botPerSecond = botPerSecond;
  }

  /** Counts a message to the chat. Returns the seconds to wait if it is one too many. */
  count(chatId: number, nowMs: number): number | undefined {
    this.#botSentMs = this.#botSentMs.filter((atMs) => atMs > nowMs - 1000);
    if (this.#botSentMs.length >= this.#botPerSecond) return 1;

    const [most, windowMs] = chatId > 0 ? [burst, burst * 1000] : [20, 60_000];
    const recent = (this.#sentMs.get(chatId) ?? []).filter((atMs) => atMs > nowMs - windowMs);
    this.#sentMs.set(chatId, recent);
    const [oldest] = recent;
    if (recent.length >= most && oldest !== undefined)
      return Math.max(1, Math.ceil((oldest + windowMs - nowMs) / 1000));
    recent.push(nowMs);
    this.#botSentMs.push(nowMs);
    return undefined;
  }
}

const burst = 8;
