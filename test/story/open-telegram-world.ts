import { expect } from "vitest";
import { startTelegramDouble, type TelegramDouble } from "../doubles/telegram-double.ts";
import { openWorld, type World } from "./open-world.ts";
import type { Environment, Parley } from "./start-parley.ts";

/** A world with a Telegram in it. */
export type TelegramWorld = World & {
  readonly telegram: TelegramDouble;
  /** Starts an instance that is on Telegram. */
  startBot(more?: Environment): Promise<Parley>;
};

/** Closing it fails, too, if Telegram was asked what it does not know, or called at the wrong time: see `violations`. */
export async function openTelegramWorld(): Promise<TelegramWorld> {
  const [world, telegram] = await Promise.all([openWorld(), startTelegramDouble()]);
  return {
    ...world,
    telegram,
    startBot: (more) => world.start({ TELEGRAM_TOKEN: telegram.token, TELEGRAM_API_ROOT: telegram.url, ...more }),
    async close() {
      await world.close();
      await telegram.close();
      expect(telegram.unknownRequests).toEqual([]);
      expect(telegram.violations).toEqual([]);
    },
  };
}
