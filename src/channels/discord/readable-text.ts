import type { BotIdentity } from "./bot-identity.ts";
import { nameOf } from "./discord-user.ts";
import type { Content } from "./message-event.ts";

/** Discord's markup as a person sees it, without the mention that called the bot. */
export function readableText({ content, mentions }: Content, me: BotIdentity): string {
  const names = new Map(mentions.map((user) => [user.id, nameOf(user, user.member)]));
  return content
    .replaceAll(/\s?<@!?(\d+)>/g, (mention, id: string) => (id === me.botId ? "" : mention))
    .replaceAll(/\s?<@&(\d+)>/g, (mention, id: string) => (me.roleIds.has(id) ? "" : mention))
    .replace(/^[\s,:]+(?=\S)/, (lead) => (content.startsWith("<@") ? "" : lead))
    .replaceAll(/<@!?(\d+)>/g, (_, id: string) => `@${names.get(id) ?? "someone"}`)
    .replaceAll(/<@&\d+>/g, "@role")
    .replaceAll(/<#\d+>/g, "#channel")
    .replaceAll(/<a?(:\w+:)\d+>/g, "$1")
    .replaceAll(/<(\/[^:>]+):\d+>/g, "$1")
    .replaceAll(/<t:(-?\d{1,12})(?::[a-zA-Z])?>/g, (_, seconds: string) => instant(Number(seconds)));
}

function instant(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace(/:00\.000Z$/, "Z");
}
