import type { Scenario } from "../scenario.ts";

const shares = { applyThenReset: 0.05, reset: 0.05 };

/** One message or edit in twenty is shown and the platform's answer lost; another one in twenty is lost itself. On Discord whatever is asked of a room. */
export const sendReset: Scenario = {
  name: "send-reset",
  setting: (size) => ({
    telegram: "webhook",
    discord: true,
    places: size === "long" ? { telegram: 200, discord: 50, commands: 10 } : { telegram: 40, discord: 10, commands: 2 },
  }),
  async run({ cluster: { telegram, discord, seed }, size, talk }) {
    telegram.chaos({ seed, ...shares, methods: ["sendMessage", "editMessageText"] });
    discord.chaos({ seed, ...shares });
    // A bot may send 30 messages a second at most: more would move the ids faster than Telegram does.
    await talk({ messages: size === "long" ? 6_000 : 400, perSecond: 18 }).ended;
    return "5 % of sends and edits on Telegram, and of all calls to rooms of Discord, applied and then reset, 5 % reset";
  },
  drainSeconds: () => 60,
};
