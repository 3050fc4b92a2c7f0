import type { Answer } from "./discord-answers.ts";

export type RateLimitOptions = {
  /** Requests per window, per kind of request and channel; undefined switches limits off. */
  readonly rateLimit: { readonly limit: number; readonly windowMs: number } | undefined;
  /** Requests of all kinds in a second. */
  readonly globalPerSecond: number;
};

/** Counts requests as Discord does: per method, route and channel, and all together. */
export function discordRateLimits({ rateLimit, globalPerSecond }: RateLimitOptions) {
  const buckets = new Map<string, { used: number; resetsAtMs: number }>();

  return {
    take(method: string, path: string, major: string): { refusal?: Answer; headers: Readonly<Record<string, string>> } {
      if (!rateLimit || path.startsWith("/interactions/")) return { headers: {} };
      const all = bucket("global", 1_000);
      all.used += 1;
      if (all.used > globalPerSecond) return { headers: {}, refusal: refuse(all.resetsAtMs, true) };
      if (!/^\/(?:channels|webhooks)\//.test(path)) return { headers: {} };

      const kind = `${method} ${path.replaceAll(/\/\d+/g, "/:id")}`;
      const own = bucket(`${kind} ${major}`, rateLimit.windowMs);
      own.used += 1;
      const resetMs = Math.max(own.resetsAtMs - Date.now(), 0);
      const headers = {
        "x-ratelimit-limit": String(rateLimit.limit),
        "x-ratelimit-remaining": String(Math.max(rateLimit.limit - own.used, 0)),
        "x-ratelimit-reset": String(own.resetsAtMs / 1_000),
        "x-ratelimit-reset-after": String(resetMs / 1_000),
        "x-ratelimit-bucket": Buffer.from(kind.replaceAll(/\/[\w-]{20,}/g, ""))
          .toString("hex")
          .slice(0, 32),
      };
      return own.used > rateLimit.limit ? { headers, refusal: refuse(own.resetsAtMs, false, headers) } : { headers };
    },
  };

  function bucket(key: string, windowMs: number) {
    const known = buckets.get(key);
    if (known && known.resetsAtMs > Date.now()) return known;
    const fresh = { used: 0, resetsAtMs: Date.now() + windowMs };
    buckets.set(key, fresh);
    return fresh;
  }
}

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
