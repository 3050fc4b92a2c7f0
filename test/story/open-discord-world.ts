import { expect } from "vitest";
import type { AiDoubleOptions } from "../doubles/ai-double.ts";
import { type DiscordDouble, type DoubleOptions, startDiscordDouble } from "../doubles/discord-double.ts";
import { openWorld, type World } from "./open-world.ts";
import type { Environment, Parley } from "./start-parley.ts";

/** A world with a Discord in it. */
export type DiscordWorld = World & {
  readonly discord: DiscordDouble;
  /** Starts an instance that is on Discord, before it is connected. */
  startBot(more?: Environment): Promise<Parley>;
};

/** What the doubles are to be like. Discord has no limits unless they are told: they are another test's business. */
type Options = DoubleOptions & { readonly ai?: AiDoubleOptions };

/** Closing it fails, too, if Discord was asked what it does not know, or called at the wrong time: see `violations`. */
export async function openDiscordWorld({ ai, ...options }: Options = {}): Promise<DiscordWorld> {
  const [world, discord] = await Promise.all([openWorld(ai), startDiscordDouble({ rateLimit: undefined, ...options })]);
  return {
    ...world,
    discord,
    startBot: (more) => world.start({ DISCORD_TOKEN: discord.token, DISCORD_API_BASE: discord.apiBase, ...more }),
    async close() {
      await world.close();
      await discord.close();
      expect(discord.unknownRequests).toEqual([]);
      expect(discord.violations).toEqual([]);
      expect(discord.unanswered).toEqual([]);
    },
  };
}
