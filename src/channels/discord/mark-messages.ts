import { LRUCache } from "lru-cache";
import type { ChannelMessage } from "../../conversation/domain/message.ts";
import type { Mark } from "../../conversation/ports/channel.ts";
import { readAddress } from "./discord-address.ts";
import type { DiscordRest } from "./discord-rest.ts";
import { isGone, readError } from "./read-error.ts";

/** Shows by a reaction of ours that a message is noted. A slash command says "thinking…" by itself. */
export function markMessages(
  rest: DiscordRest,
): (message: ChannelMessage, mark: Mark, signal: AbortSignal) => Promise<void> {
  /** Where the bot may not react: too many refusals block the machine's address. */
  const refused = new LRUCache<string, true>({ max: 1_000, ttl: refusedMs });

  return async ({ address: kept }, mark, signal) => {
    const address = readAddress(kept);
    if (address.kind !== "message" || refused.has(address.channelId)) return;
    const { channelId, messageId } = address;
    const method = mark === "queued" ? "PUT" : "DELETE";
    try {
      await rest.call(method, `/channels/${channelId}/messages/${messageId}/reactions/${eyes}/@me`, { signal });
    } catch (error) {
      const refusal = readError(error);
      if (refusal.retryable) throw refusal;
      if (isGone(refusal)) return;
      refused.set(channelId, true);
    }
  };
}

const eyes = encodeURIComponent("👀");
const refusedMs = 10 * 60_000;
