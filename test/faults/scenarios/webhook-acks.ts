import type { Scenario } from "../scenario.ts";

/** Telegram does not hear that a delivery was taken, and sends it again; or sends it twice at once, to two instances. */
export const webhookAcks: Scenario = {
  name: "webhook-acks",
  setting: (size) => ({ telegram: "webhook", places: { telegram: size === "long" ? 200 : 40 } }),
  async run({ cluster: { balancer }, size, talk }) {
    balancer.chaos = { lost: 0.2, doubled: 0.2 };
    await talk({ messages: size === "long" ? 5_000 : 600, perSecond: 60 }).ended;
    return `20 % of a webhook's acknowledgements lost (${balancer.done.lost}), 20 % of deliveries doubled (${balancer.done.doubled})`;
  },
  drainSeconds: (size) => (size === "long" ? 30 : 60),
};
