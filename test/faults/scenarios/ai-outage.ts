import { pauseFor } from "../pause-for.ts";
import type { Scenario, Stage } from "../scenario.ts";
import { aiFaults } from "../watch-ai.ts";

/** The AI answers with errors, hangs, breaks off, or has no time. */
export const aiOutage: Scenario = {
  name: "ai-outage",
  setting: (size) => ({
    telegram: "webhook",
    environment: { AI_FIRST_TOKEN_TIMEOUT_SECONDS: "2" },
    places: { telegram: size === "long" ? 100 : 30 },
  }),
  async run(stage) {
    const { cluster, watch, size, talk } = stage;
    const outageMs = size === "long" ? 600_000 : 15_000;
    // A stalled answer is given up after 45 s: too long for the short one.
    const faults = size === "long" ? aiFaults : aiFaults.filter((fault) => fault !== "stall");
    talk({ perSecond: 5, waitingMax: Infinity });
    await pauseFor(3_000);
    watch.fault = () => cluster.random.pick(faults);
    await pauseFor(outageMs);
    watch.fault = undefined;
    await pauseFor(7_000); // who was kept waiting is told
    const notices = countNotices(stage);
    const faulted = watch.calls.filter((call) => call.faulted).length;
    return `${outageMs / 60_000} min of AI 500s, hangs, cut streams, 429s (${faulted} requests failed; ${notices} notices)`;
  },
  // A breaker that has seen ten minutes of it asks again after five.
  drainSeconds: (size) => (size === "long" ? 360 : 90),
};

function countNotices({ cluster: { telegram }, complain }: Stage): number {
  const byChat = new Map<unknown, number>();
  for (const { params } of telegram.callsOf("sendMessage")) {
    const { chat_id: chat, text } = params;
    if (String(text).startsWith("⏳")) byChat.set(chat, (byChat.get(chat) ?? 0) + 1);
  }
  const many = [...byChat.values()].filter((count) => count > 1);
  if (many.length > 0) complain(`${many.length} rooms got more than one notice, up to ${Math.max(...many)}`);
  return [...byChat.values()].reduce((sum, count) => sum + count, 0);
}
