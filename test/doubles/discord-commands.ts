import { type Answer, invalid } from "./discord-answers.ts";
import { at, type Body, type Request, type Route } from "./discord-route.ts";
import type { DiscordWorld } from "./discord-world.ts";

/** The application's registered commands. */
export function discordCommands(world: () => DiscordWorld) {
  let commands: readonly Body[] = [];
  const path = at(String.raw`/applications/(\d+)/commands`);
  const routes: readonly Route[] = [
    { method: "GET", path, answer: () => ({ status: 200, body: commands }) },
    { method: "PUT", path, answer: putCommands },
  ];
  return { routes, list: () => commands };

  function putCommands({ body }: Request): Answer {
    const list = Array.isArray(body["list"]) ? (body["list"] as Body[]) : [];
    for (const { name, description } of list) {
      if (!/^[-_\p{L}\p{N}]{1,32}$/u.test(String(name))) return invalid("name", "APPLICATION_COMMAND_INVALID_NAME");
      if (typeof description !== "string" || description.length < 1 || description.length > 100)
        return invalid("description", "BASE_TYPE_BAD_LENGTH");
    }
    commands = list.map((command) => ({
      id: world().snowflake(),
      application_id: world().applicationId,
      version: world().snowflake(),
      type: 1,
      nsfw: false,
      default_member_permissions: null,
      ...command,
    }));
    return { status: 200, body: commands };
  }
}
