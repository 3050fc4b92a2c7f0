import type { BotIdentity } from "./bot-identity.ts";
import { type Written, replyMessage } from "./message-event.ts";

/**
 * Whom a message in a server is for: "called" mentions the bot, "answered" replies to it, "to-others" mentions or replies to somebody
 * else, "open" says nothing of it. A mention of everyone is not one of the bot.
 */
export type Meant = "called" | "answered" | "to-others" | "open";

export function howMeant(message: Written, me: Pick<BotIdentity, "botId" | "roleIds">): Meant {
  const { type, author, mentions, mention_roles, mention_everyone, referenced_message: answered } = message;
  if (type === replyMessage && answered?.author.id === me.botId) return "answered";
  if (mentions.some(({ id }) => id === me.botId) || mention_roles.some((role) => me.roleIds.has(role))) return "called";
  if (mentions.length > 0 || mention_roles.length > 0 || mention_everyone) return "to-others";
  return type === replyMessage && answered && answered.author.id !== author.id ? "to-others" : "open";
}
