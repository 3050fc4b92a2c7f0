import { pauseFor } from "../pause-for.ts";
import type { Scenario } from "../scenario.ts";

/** Telegram and Discord are away: first they refuse, then they take everything and say nothing. When they are back they ask for pauses in storms. */
export const platformsAway: Scenario = {
  name: "platforms-away",
  setting: (size) => ({
    telegram: "polling",
    discord: true,
    places: size === "long" ? { telegram: 60, discord: 40 } : { telegram: 15, discord: 10 },
  }),
  async run({ cluster: { telegram, discord, instances, holdUps, seed }, size, talk }) {
    const [awayMs, stormMs] = size === "long" ? [300_000, 60_000] : [8_000, 6_000];
    talk({ perSecond: 8, waitingMax: Infinity });
    const ways = instances.flatMap(({ ways }) => [ways.telegram, ways.discord]);
    await pauseFor(2_000);
    await telegram.away();
    discord.away();
    await pauseFor(awayMs / 2);
    await telegram.back();
    discord.back();
    const fromMs = Date.now();
    for (const way of ways) way.hang();
    await pauseFor(awayMs / 2);
    for (const way of ways) way.pass();
    holdUps.push(...instances.map(({ process }) => ({ process, fromMs, untilMs: Date.now() })));

    telegram.chaos({ seed, status429: 0.3, retryAfter: 2 });
    discord.chaos({ seed, status429: 0.3, slowDownMs: 2_000 });
    await pauseFor(stormMs);
    telegram.chaos(undefined);
    discord.chaos({});
    return `Telegram and Discord away for ${awayMs / 1_000} s (half refusing, half silent), then ${stormMs / 1_000} s of 429 for 30 % of calls`;
  },
  // Telegram lets a bot write 20 times a minute in a group, and each of the groups has more to hear.
  drainSeconds: (size) => (size === "long" ? 300 : 90),
};
