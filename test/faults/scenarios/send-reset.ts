import type { Scenario } from "../scenario.ts";

/** One message to Telegram in twenty is shown and its answer lost; another one in twenty is lost itself. */
export const sendReset: Scenario = {
  name: "send-reset",
  setting: (size) => ({ telegram: "webhook", places: { telegram: size === "long" ? 200 : 40 } }),
  async run({ cluster: { telegram, seed }, size, talk }) {
    telegram.chaos({ seed, applyThenReset: 0.05, reset: 0.05, methods: ["sendMessage"] });
    // A bot may send 30 messages a second at most: more would move the ids faster than Telegram does.
    await talk({ messages: size === "long" ? 5_000 : 300, perSecond: 15 }).ended;
    return "5 % of sends to Telegram applied and then reset, 5 % reset";
  },
  drainSeconds: () => 60,
};
