import { REST, RequestMethod, type RateLimitData } from "@discordjs/rest";
import { setTimeout as pause } from "node:timers/promises";
import type { Secret } from "../../secret.ts";
import { readError } from "./read-error.ts";

/** Discord's HTTP API. Every call ends within about 25 seconds. */
export interface DiscordRest {
  /**
   * @param route without the version, such as "/gateway/bot"
   * @throws DiscordRefusal
   */
  call(method: Method, route: `/${string}`, options?: CallOptions): Promise<unknown>;
}

type Method = keyof typeof methods;

type CallOptions = {
  readonly body?: unknown;
  /** A second copy would do harm and nothing prevents it, so a request whose outcome is unknown is not repeated. */
  readonly once?: true;
  /** The route holds a token of its own. */
  readonly anonymous?: true;
};

export function discordRest({ token, apiBase }: { token: Secret; apiBase: string }): DiscordRest {
  // The library would repeat whatever failed, without regard to what a second copy does: we do it ourselves.
  const rest = new REST({
    api: apiBase.replace(/\/+$/, ""),
    retries: 0,
    timeout: answerMsMax,
    rejectOnRateLimit: isLong,
  });
  rest.setToken(token.reveal());

  async function attempt(method: Method, route: `/${string}`, { body, anonymous }: CallOptions): Promise<unknown> {
    const signal = AbortSignal.timeout(callMsMax);
    try {
      return await rest.request({ method: methods[method], fullRoute: route, body, auth: !anonymous, signal });
    } catch (error) {
      throw readError(error);
    }
  }

  return {
    async call(method, route, options = {}) {
      try {
        return await attempt(method, route, options);
      } catch (error) {
        const refusal = readError(error);
        if (options.once || !refusal.retryable || refusal.retryAfterMs > 0) throw refusal;
        await pause(againMs);
        return attempt(method, route, options);
      }
    },
  };
}

const methods = {
  GET: RequestMethod.Get,
  POST: RequestMethod.Post,
  PUT: RequestMethod.Put,
  PATCH: RequestMethod.Patch,
  DELETE: RequestMethod.Delete,
};

/** A wait that the library may sleep out; a longer one is an error that says how long. */
function isLong({ timeToReset, retryAfter, sublimitTimeout }: RateLimitData): boolean {
  return Math.max(timeToReset, retryAfter, sublimitTimeout) > waitMsMax;
}

const answerMsMax = 10_000;
/** With the library's waits for its turn and for limits. */
const callMsMax = 12_000;
const waitMsMax = 2_000;
const againMs = 250;
