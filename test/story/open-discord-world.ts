import { expect } from "vitest";
import { type DiscordDouble, startDiscordDouble } from "../doubles/discord-double.ts";
import { openWorld, type World } from "./open-world.ts";
import type { Environment, Parley } from "./start-parley.ts";

/** A world with a Discord in it, whose limits are another test's business. */
export type DiscordWorld = World & {
  readonly discord: DiscordDouble;
  /** Starts an instance that is on Discord, before it is connected. */
  startBot(more?: Environment): Promise<Parley>;
};

/** Closing it fails, too, if Discord was asked what it does not know, or called while it wanted to be left alone. */
export async function openDiscordWorld(): Promise<DiscordWorld> {
  const [world, discord] = await Promise.all([openWorld(), startDiscordDouble({ rateLimit: undefined })]);
  return {
    ...world,
    discord,
    startBot: (more) => world.start({ DISCORD_TOKEN: discord.token, DISCORD_API_BASE: discord.apiBase, ...more }),
    async close() {
      await world.close();
      await discord.close();
      expect(discord.unknownRequests).toEqual([]);
      expect(discord.violations).toEqual([]);
    },
  };
}
