import { Agent } from "node:http";
import { loadavg } from "node:os";
import { openStage } from "./open-stage.ts";
import { percentile } from "./percentile.ts";
import type { System } from "./systems.ts";
import { type Crowd, post, talk } from "./talk.ts";

/** Where one sender writes a thousand messages before the others begin. */
export type Flood = "none" | "one room" | "many rooms";

export type Fairness = {
  readonly flood: Flood;
  /** Of the others: from the webhook's POST to the whole reply at Telegram. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Replies to the flood while the others talked. */
  readonly floodReplies: number;
  readonly loadAverage: number;
};

const floodMessages = 1_000;
const rooms = 100;
const slots = 16;
const aiDelayMs = 500;
const flooder = 777;
const groups = range(1, rooms).map((n) => -1_000_000_000_000 - n);
/** Half of what the slots can do. */
const others: Crowd = { people: range(1_001, 40), messagesEach: 5, atOnce: slots / 2, startOverMs: aiDelayMs };

/** How long others wait while a sender's flood is worked off, with few slots and no limit on what one sender may write. */
export async function measureFairness(system: System, flood: Flood): Promise<Fairness> {
  const stage = await openStage({
    system,
    aiDelayMs,
    chats: [flooder, ...groups, ...others.people],
    environment: { TURNS_AT_ONCE: String(slots), RATE_LIMIT_PER_MINUTE: "100000" },
  });
  const { telegram, listener } = stage;
  try {
    const chats = { none: [], "one room": [flooder], "many rooms": groups }[flood];
    await pour(chats, (update) => post(listener, update, agent));
    const before = telegram.calls.length;
    const loadAverage = loadavg()[0] ?? 0;
    const { endToEndMs } = await talk(others, listener, telegram);
    const toFlood = telegram.calls.slice(before).filter(({ method, params }) => {
      return method === "sendMessage" && (chats as readonly unknown[]).includes(params["chat_id"]);
    });
    return {
      flood,
      p50Ms: percentile(endToEndMs, 0.5),
      p95Ms: percentile(endToEndMs, 0.95),
      floodReplies: toFlood.length,
      loadAverage,
    };
  } finally {
    await stage.close();
  }
}

const agent = new Agent({ keepAlive: true, maxSockets: 32 });

/** All of it, as fast as it is taken. */
async function pour(chats: readonly number[], send: (update: object) => Promise<number>): Promise<void> {
  if (chats.length === 0) return;
  const sent = range(1, floodMessages).map((n) => send(update(chats[n % chats.length] ?? flooder, n)));
  const refused = (await Promise.all(sent)).filter((status) => status !== 200);
  if (refused.length > 0) throw new Error(`${refused.length} messages of the flood were answered with ${refused[0]}`);
}

function update(chat: number, n: number): object {
  const about = chat > 0 ? { type: "private", first_name: "Flooder" } : { type: "supergroup", title: `Group ${chat}` };
  return {
    update_id: 10_000_000 + n,
    message: {
      message_id: 2_000_000 + n,
      from: { id: flooder, is_bot: false, first_name: "Flooder" },
      chat: { id: chat, ...about },
      date: Math.floor(Date.now() / 1_000),
      text: `@parley_bot Question ${flooder}/${n}: and this?`,
      entities: [{ type: "mention", offset: 0, length: 11 }],
    },
  };
}

function range(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}
