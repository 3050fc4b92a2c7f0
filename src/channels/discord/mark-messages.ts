import { LRUCache } from "lru-cache";
import type { ChannelMessage } from "../../conversation/domain/message.ts";
import { pause } from "../../conversation/domain/pause.ts";
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
    const route = `/channels/${channelId}/messages/${messageId}/reactions/${eyes}/@me` as const;
    for (;;) {
      try {
        return void (await rest.call(method, route, { signal }));
      } catch (error) {
        const refusal = readError(error);
        if (isGone(refusal)) return;
        if (!refusal.retryable) return void refused.set(channelId, true);
        if (refusal.retryAfterMs === 0 || signal.aborted) throw refusal;
        await pause(refusal.retryAfterMs, signal);
      }
    }
  };
}

const eyes = encodeURIComponent("👀");
const refusedMs = 10 * 60_000;
