import { type Answer, apiError, invalid } from "./discord-answers.ts";
import { at, type Request, type Route } from "./discord-route.ts";
import type { DiscordWorld } from "./discord-world.ts";

/** Servers and their channels, and the threads that are made in them. */
export function discordThreads(world: () => DiscordWorld) {
  const routes: readonly Route[] = [
    { method: "GET", path: at(String.raw`/guilds/(\d+)`), answer: getGuild },
    { method: "GET", path: at(String.raw`/guilds/(\d+)/members/(\d+)`), answer: getMember },
    { method: "GET", path: at(String.raw`/channels/(\d+)`), answer: getChannel },
    { method: "PATCH", path: at(String.raw`/channels/(\d+)`), answer: wake, fields: ["archived"] },
    {
      method: "POST",
      path: at(String.raw`/channels/(\d+)/messages/(\d+)/threads`),
      answer: make,
      fields: ["name", "auto_archive_duration", "rate_limit_per_user"],
    },
  ];
  return { routes };

  function getGuild({ params: [id] }: Request): Answer {
    if (id !== world().guildId) return apiError(404, 10_004, "Unknown Guild");
    const { channels: _, threads: __, ...guild } = world().guild();
    return { status: 200, body: guild };
  }

  function getMember({ params: [id, userId = ""] }: Request): Answer {
    if (id !== world().guildId) return apiError(404, 10_004, "Unknown Guild");
    const user = [...world().users.values()].find((one) => one.id === userId);
    return user
      ? { status: 200, body: { user, nick: null, roles: world().rolesOf(userId) } }
      : apiError(404, 10_007, "Unknown Member");
  }

  function getChannel({ params: [id = ""] }: Request): Answer {
    const room = world().rooms.get(id);
    if (!room) return apiError(404, 10_003, "Unknown Channel");
    return world().isDenied(room, "viewChannel")
      ? apiError(403, 50_001, "Missing Access")
      : { status: 200, body: world().channel(room) };
  }

  function wake({ body, params: [id = ""] }: Request): Answer {
    const thread = world().rooms.get(id);
    if (!thread) return apiError(404, 10_003, "Unknown Channel");
    if (!thread.thread_metadata || body["archived"] !== false) return apiError(403, 50_013, "Missing Permissions");
    if (thread.thread_metadata.locked) return apiError(403, 50_013, "Missing Permissions");
    world().archive(thread, { archived: false, locked: false });
    return { status: 200, body: world().channel(thread) };
  }

  /** https://discord.com/developers/docs/resources/channel#start-thread-from-message */
  function make({ body, params: [channelId = "", messageId = ""] }: Request): Answer {
    const room = world().rooms.get(channelId);
    if (!room) return apiError(404, 10_003, "Unknown Channel");
    if (world().isDenied(room, "viewChannel")) return apiError(403, 50_001, "Missing Access");
    const { name } = body;
    if (typeof name !== "string" || Array.from(name.trim()).length < 1 || Array.from(name).length > 100)
      return invalid("name", "BASE_TYPE_BAD_LENGTH");
    if (room.type !== 0 && room.type !== 5) return apiError(400, 50_024, "Cannot execute action on this channel type");
    if (world().messages.get(messageId)?.channel_id !== channelId) return apiError(404, 10_008, "Unknown Message");
    if (world().isDenied(room, "createPublicThreads")) return apiError(403, 50_013, "Missing Permissions");
    if (world().rooms.has(messageId))
      return apiError(400, 160_004, "A thread has already been created for this message");
    return { status: 201, body: world().channel(world().openThread(room, messageId, name.trim())) };
  }
}
