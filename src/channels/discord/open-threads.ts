import { LRUCache } from "lru-cache";
import type { Hold } from "../../conversation/ports/channel.ts";
import type { ChannelMessage } from "../../conversation/domain/message.ts";
import { type DiscordAddress, readAddress } from "./discord-address.ts";
import type { DiscordRest } from "./discord-rest.ts";
import { hasThread, isGone, readError } from "./read-error.ts";
import { titleThread } from "./title-thread.ts";

/**
 * Makes the thread that an answer goes into, if it goes into one and that is not there yet.
 *
 * @returns the address with the channel in which the answer is to stand: the thread, or where the question stands if Discord refuses it
 */
export type OpenThread = (message: ChannelMessage, hold: Hold) => Promise<DiscordAddress>;

export function openThreads(rest: DiscordRest): OpenThread {
  /** By the question: what was found out, or is being asked, so that typing and the answer beside it ask once. */
  const channelIds = new LRUCache<string, Promise<string>>({ max: 10_000 });

  return async ({ address: kept, text, attachments = [] }, hold) => {
    const address = readAddress(kept);
    if (address.kind !== "message" || !address.opensThread) return address;
    const { channelId, messageId } = address;
    const asked = channelIds.get(messageId);
    const known = asked && (await asked.catch(() => undefined));
    if (known) return { ...address, channelId: known };
    hold.check();
    const making = make(channelId, messageId, titleThread(text, attachments));
    channelIds.set(messageId, making);
    return { ...address, channelId: await making };
  };

  async function make(channelId: string, messageId: string, name: string): Promise<string> {
    try {
      await rest.call("POST", `/channels/${channelId}/messages/${messageId}/threads`, { body: { name } });
      return messageId;
    } catch (error) {
      const refusal = readError(error);
      if (hasThread(refusal)) return messageId;
      if (refusal.retryable) throw refusal;
      return isGone(refusal) && (await exists(messageId)) ? messageId : channelId;
    }
  }

  /** A thread outlives the message for which it was made. */
  async function exists(threadId: string): Promise<boolean> {
    try {
      await rest.call("GET", `/channels/${threadId}`);
      return true;
    } catch (error) {
      const refusal = readError(error);
      if (refusal.retryable) throw refusal;
      return false;
    }
  }
}
