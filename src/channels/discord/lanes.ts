import { LRUCache } from "lru-cache";
import type { Pauses } from "../share-pauses.ts";
import { DiscordRefusal } from "./read-error.ts";

/** What Discord has said about its limits, by its answers: there is nothing else to go by. */
export type Lanes = {
  /**
   * Asked right before each request.
   *
   * @throws DiscordRefusal while Discord wants the place left alone: calling prolongs the ban
   */
  enter(path: string): void;
  /** Told each answer. */
  leave(path: string, answer: Answer): void;
  /** Whether what can be left out should be: its channel, or the bot, is near a limit or over it. */
  isTight(channelId: string): boolean;
};

export type Answer = { readonly status: number; readonly headers: { get(name: string): string | null } };

/** One lane a channel (its reactions and an interaction's webhook have their own) and one for all; what is left out never takes the last place. */
export function lanes(pauses: Pauses): Lanes {
  const tightUntilMs = new LRUCache<string, number>({ max: lanesMax });
  const second = { endsAtMs: 0, requests: 0 };
  const quietMs = (lane: string) => Math.max(pauses.leftMs(lane), pauses.leftMs(everything));

  return {
    enter(path) {
      const now = performance.now();
      const waitMs = quietMs(laneOf(path));
      if (waitMs > 0)
        throw new DiscordRefusal("Discord asked to slow down.", { retryable: true, retryAfterMs: waitMs });
      if (now >= second.endsAtMs) Object.assign(second, { endsAtMs: now + 1_000, requests: 0 });
      second.requests += 1;
    },
    leave(path, { status, headers }) {
      const lane = laneOf(path);
      const now = performance.now();
      const isLast = Number(headers.get("x-ratelimit-remaining") ?? Number.POSITIVE_INFINITY) <= spareMin;
      if (isLast && path.includes("/messages"))
        tightUntilMs.set(lane, now + 1_000 * Number(headers.get("x-ratelimit-reset-after") ?? 0));
      // A room that shuts the bot out is told the final text only: too many refusals block the machine's address.
      if (status === 403) tightUntilMs.set(lane, now + shutOutMs);
      if (status !== 429) return;
      const isGlobal = headers.get("x-ratelimit-global") !== null;
      pauses.begin(isGlobal ? everything : lane, 1_000 * Number(headers.get("retry-after") ?? 1));
    },
    isTight(channelId) {
      const now = performance.now();
      const lane = laneOf(`/channels/${channelId}`);
      if (quietMs(lane) > 0 || (tightUntilMs.get(lane) ?? 0) > now) return true;
      return now < second.endsAtMs && second.requests >= draftsPerSecondMax;
    },
  };
}

/** "/channels/1/messages/2" → "/channels/1"; "/webhooks/1/token/messages/2" → "/webhooks/1/token"; reactions → "/channels/1/reactions". */
function laneOf(path: string): string {
  const [, reacting] = /(\/channels\/\d+)\/messages\/\d+\/reactions\//.exec(path) ?? [];
  if (reacting) return `${reacting}/reactions`;
  return /\/channels\/\d+|\/webhooks\/\d+\/[^/]+/.exec(path)?.[0] ?? path;
}

const everything = "";
const lanesMax = 5_000;
/** The place that stays free for a final text. */
const spareMin = 1;
/** Of the 50 requests that a bot has in a second. */
const draftsPerSecondMax = 40;
const shutOutMs = 60_000;
