import { type Answer, apiError } from "./discord-answers.ts";
import { at, type Request, type Route } from "./discord-route.ts";
import type { DiscordWorld } from "./discord-world.ts";

/** The bot's own reactions. https://discord.com/developers/docs/resources/message#create-reaction */
export function discordReactions(world: () => DiscordWorld) {
  /** The emoji by message. */
  const reactions = new Map<string, Set<string>>();
  const path = at(String.raw`/channels/(\d+)/messages/(\d+)/reactions/([^/]+)/@me`);
  const routes: readonly Route[] = ["PUT", "DELETE"].map((method) => ({ method, path, answer: react }));
  return { routes, of: (messageId: string): readonly string[] => [...(reactions.get(messageId) ?? [])] };

  function react({ method, params: [channelId = "", messageId = "", encoded = ""] }: Request): Answer {
    const room = world().rooms.get(channelId);
    if (!room) return apiError(404, 10_003, "Unknown Channel");
    if (world().messages.get(messageId)?.channel_id !== channelId) return apiError(404, 10_008, "Unknown Message");
    const emoji = decodeURIComponent(encoded);
    if (!/^\p{RGI_Emoji}$/v.test(emoji)) return apiError(400, 10_014, "Unknown Emoji");
    if (room.thread_metadata?.archived) return apiError(400, 50_083, "Thread is archived");
    const own = reactions.get(messageId) ?? new Set();
    reactions.set(messageId, own);
    if (method === "DELETE") {
      own.delete(emoji);
      return { status: 204 };
    }
    if (world().isDenied(room, "readMessageHistory")) return apiError(403, 50_001, "Missing Access");
    if (world().isDenied(room, "addReactions")) return apiError(403, 50_013, "Missing Permissions");
    own.add(emoji);
    return { status: 204 };
  }
}
