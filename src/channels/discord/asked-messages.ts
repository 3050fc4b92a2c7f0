import { LRUCache } from "lru-cache";
import { ChannelError } from "../../conversation/domain/errors.ts";
import type { Quoted } from "../../conversation/domain/message.ts";
import type { BotIdentity } from "./bot-identity.ts";
import type { DiscordRest } from "./discord-rest.ts";
import { nameOf } from "./discord-user.ts";
import { written } from "./message-event.ts";
import { quoteMessage } from "./quote-message.ts";
import { readError } from "./read-error.ts";

/** Messages that people ask about, while they write down their question. */
export type AskedMessages = {
  /** @param message as Discord tells it */
  remember(message: unknown, me: BotIdentity): void;
  /**
   * The message, from Discord if another process was told of it.
   *
   * @throws ChannelError not retryable, whatever the reason: everybody else waits, and the person is told and can ask again
   */
  find(channelId: string, messageId: string, me: BotIdentity): Promise<Quoted>;
};

export function askedMessages(rest: DiscordRest): AskedMessages {
  const asked = new LRUCache<string, Quoted>({ max: 1_000 });

  return {
    remember(message, me) {
      const { id, ...quoted } = read(message, me);
      asked.set(id, quoted);
    },
    async find(channelId, messageId, me) {
      const known = asked.get(messageId);
      if (known) return known;
      try {
        const { id: _, ...quoted } = read(await rest.call("GET", `/channels/${channelId}/messages/${messageId}`), me);
        return quoted;
      } catch (error) {
        throw new ChannelError(readError(error).message, { retryable: false });
      }
    },
  };
}

function read(told: unknown, me: BotIdentity): Quoted & { readonly id: string } {
  const message = written.parse(told);
  const { id, channel_id: channelId, author, member } = message;
  return { id, ...quoteMessage(message, nameOf(author, member), { me, channelId, messageId: id }) };
}
