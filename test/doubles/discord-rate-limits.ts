import { createHash } from "node:crypto";
import type { Answer } from "./discord-answers.ts";

export type RateLimitOptions = {
  /** Requests per window, per kind of request and channel; undefined switches limits off. */
  readonly rateLimit: { readonly limit: number; readonly windowMs: number } | undefined;
  /** Requests of all kinds in a second. */
  readonly globalPerSecond: number;
  /** Reactions are counted apart, and hardly let through: one in this time. */
  readonly reactionEveryMs: number;
};

/** Counts requests as Discord does: per method, route and channel, and all together. */
export function discordRateLimits({ rateLimit, globalPerSecond, reactionEveryMs }: RateLimitOptions) {
  const buckets = new Map<string, { used: number; resetsAtMs: number }>();
  /** What may not be called, from and until when. */
  const bans = new Map<string, { readonly fromMs: number; readonly untilMs: number }>();
  const violations: string[] = [];

  return {
    /** Calls that came although they had been told to wait. */
    violations,

    /** A 429 was answered: until its end no call to the place, or to a kind of request there, may come. */
    ban,

    /** Asked of every call before anything else. */
    watch(method: string, path: string): void {
      for (const what of [placeOf(path), kindOf(method, path), "global"]) {
        const { fromMs, untilMs } = bans.get(what) ?? { fromMs: 0, untilMs: 0 };
        // What was on its way when the ban began is nobody's fault.
        if (Date.now() < untilMs && Date.now() > fromMs + onTheWayMs)
          violations.push(`${method} ${path}, ${untilMs - Date.now()} ms too early`);
      }
    },

    /** A 429 to one kind of request at a place: until its end no such request may come there. */
    slowDown(method: string, path: string, ms: number): Answer {
      ban(kindOf(method, path), ms);
      return refuse(Date.now() + ms, false);
    },

    take(method: string, path: string, major: string): { refusal?: Answer; headers: Readonly<Record<string, string>> } {
      if (!rateLimit || path.startsWith("/interactions/")) return { headers: {} };
      const all = bucket("global", 1_000);
      all.used += 1;
      if (all.used > globalPerSecond) {
        ban("global", all.resetsAtMs - Date.now());
        return { headers: {}, refusal: refuse(all.resetsAtMs, true) };
      }
      if (!/^\/(?:channels|webhooks)\//.test(path)) return { headers: {} };

      const kind = `${method} ${path.replaceAll(/\/\d+/g, "/:id")}`;
      const { limit, windowMs } = path.includes("/reactions/") ? { limit: 1, windowMs: reactionEveryMs } : rateLimit;
      const own = bucket(`${kind} ${major}`, windowMs);
      own.used += 1;
      const resetMs = Math.max(own.resetsAtMs - Date.now(), 0);
      const headers = {
        "x-ratelimit-limit": String(limit),
        "x-ratelimit-remaining": String(Math.max(limit - own.used, 0)),
        "x-ratelimit-reset": String(own.resetsAtMs / 1_000),
        "x-ratelimit-reset-after": String(resetMs / 1_000),
        "x-ratelimit-bucket": createHash("md5")
          .update(kind.replaceAll(/\/[\w-]{20,}/g, ""))
          .digest("hex"),
      };
      if (own.used <= limit) return { headers };
      ban(kindOf(method, path), resetMs);
      return { headers, refusal: refuse(own.resetsAtMs, false, headers) };
    },
  };

  function ban(what: string, ms: number): void {
    bans.set(what, { fromMs: Date.now(), untilMs: Date.now() + ms });
  }

  function bucket(key: string, windowMs: number) {
    const known = buckets.get(key);
    if (known && known.resetsAtMs > Date.now()) return known;
    const fresh = { used: 0, resetsAtMs: Date.now() + windowMs };
    buckets.set(key, fresh);
    return fresh;
  }
}

/** "/channels/1/messages/2" → "/channels/1". */
export function placeOf(path: string): string {
  return /^\/(?:channels\/\d+|webhooks\/\d+\/[\w-]+)/.exec(path)?.[0] ?? path;
}

function kindOf(method: string, path: string): string {
  return `${method} ${placeOf(path)}${path.slice(placeOf(path).length).replaceAll(/\/\d+/g, "/:id")}`;
}

const onTheWayMs = 250;

function refuse(untilMs: number, global: boolean, headers: Readonly<Record<string, string>> = {}): Answer {
  const seconds = Math.max(untilMs - Date.now(), 1) / 1_000;
  return {
    status: 429,
    body: { message: "You are being rate limited.", retry_after: seconds, global },
    headers: {
      ...headers,
      "retry-after": String(Math.ceil(seconds)),
      "x-ratelimit-scope": global ? "global" : "user",
      ...(global ? { "x-ratelimit-global": "true" } : {}),
    },
  };
}
