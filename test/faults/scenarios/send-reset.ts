import type { Scenario } from "../scenario.ts";

/** One message to Telegram in twenty is shown and its answer lost; another one in twenty is lost itself. */
export const sendReset: Scenario = {
  name: "send-reset",
  setting: (size) => ({ telegram: "webhook", places: { telegram: size === "long" ? 200 : 40 } }),
  async run({ cluster: { telegram, seed }, size, talk }) {
    telegram.chaos({ seed, applyThenReset: 0.05, reset: 0.05, methods: ["sendMessage"] });
    await talk({ messages: size === "long" ? 5_000 : 600, perSecond: 50 }).ended;
    return "5 % of sends to Telegram applied and then reset, 5 % reset";
  },
  drainSeconds: () => 60,
};
