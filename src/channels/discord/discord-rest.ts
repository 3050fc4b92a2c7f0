import {
  DefaultRestOptions,
  REST,
  type RESTOptions,
  RequestMethod,
  type RateLimitData,
  type RawFile,
} from "@discordjs/rest";
import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import type { Hold } from "../../conversation/ports/channel.ts";
import type { Secret } from "../../secret.ts";
import type { Pauses } from "../share-pauses.ts";
import type { DiscordTimings } from "./discord-timings.ts";
import { lanes } from "./lanes.ts";
import { DiscordRefusal, readError } from "./read-error.ts";

/** Discord's HTTP API. Every call ends within about twice `callMs`, one with a file within twice `uploadMs`. */
export interface DiscordRest {
  /**
   * @param route without the version, such as "/gateway/bot"
   * @throws DiscordRefusal
   */
  call(method: Method, route: `/${string}`, options?: CallOptions): Promise<unknown>;

  /**
   * A channel's messages that come directly after another one, oldest first.
   *
   * @throws DiscordRefusal
   */
  history(channelId: string, page: HistoryPage, signal?: AbortSignal): Promise<readonly HistoryMessage[]>;

  /**
   * Runs what calls on behalf of a turn. What has to wait before it goes out, or is asked once more, goes out only while the turn is
   * held: nothing that is late may come after what its next holder shows.
   */
  whileHeld<T>(hold: Pick<Hold, "check">, run: () => Promise<T>): Promise<T>;

  /** Whether drafts to this channel should be left out now, so that final texts find a place. */
  isTight(channelId: string): boolean;
}

type RestOptions = { readonly token: Secret; readonly apiBase: string; readonly pauses: Pauses };
type CallTimings = Pick<DiscordTimings, "callMs" | "uploadMs">;
type HistoryPage = { readonly after: string; readonly limit: number };
export type HistoryMessage = z.output<typeof historyMessage>;

type Method = keyof typeof methods;

type CallOptions = {
  readonly body?: unknown;
  /** Sent with the body, in one form. */
  readonly files?: readonly RawFile[];
  readonly query?: Readonly<Record<string, string>>;
  /** A second copy would do harm and nothing prevents it, so a request whose outcome is unknown is not repeated. */
  readonly once?: true;
  /** The route holds a token of its own. */
  readonly anonymous?: true;
  readonly signal?: AbortSignal;
};

export function discordRest({ token, apiBase, pauses }: RestOptions, { callMs, uploadMs }: CallTimings): DiscordRest {
  const { enter, leave, isTight } = lanes(pauses);
  const held = new AsyncLocalStorage<() => void>();
  const goingOut = new AsyncLocalStorage<() => void>();
  // The seam below the library's queues: what waits in them must not go out after a ban has begun.
  const makeRequest: RESTOptions["makeRequest"] = async (url, init) => {
    const { pathname } = new URL(url);
    goingOut.getStore()?.();
    enter(pathname);
    const answer = await DefaultRestOptions.makeRequest(url, init);
    leave(pathname, answer);
    return answer;
  };
  // The library would repeat whatever failed, without regard to what a second copy does: we do it ourselves.
  const rest = new REST({
    api: apiBase.replace(/\/+$/, ""),
    retries: 0,
    timeout: uploadMs, // the longest; each call has its own
    rejectOnRateLimit: isLong,
    makeRequest,
  });
  rest.setToken(token.reveal());

  async function attempt(
    method: Method,
    route: `/${string}`,
    { body, files = [], query, anonymous }: CallOptions,
  ): Promise<unknown> {
    const signal = AbortSignal.timeout(files.length > 0 ? uploadMs : callMs);
    const request = { method: methods[method], fullRoute: route, body, files: [...files], auth: !anonymous, signal };
    const askedAtMs = performance.now();
    const checkLate = () => void (performance.now() > askedAtMs + againMs && held.getStore()?.());
    try {
      return await goingOut.run(checkLate, () =>
        rest.request({ ...request, ...(query && { query: new URLSearchParams(query) }) }),
      );
    } catch (error) {
      throw readError(error);
    }
  }

  const call: DiscordRest["call"] = async (method, route, options = {}) => {
    try {
      return await attempt(method, route, options);
    } catch (error) {
      const refusal = readError(error);
      if (options.once || options.signal?.aborted || !refusal.retryable || refusal.retryAfterMs > 0) throw refusal;
      await pause(againMs);
      held.getStore()?.();
      return attempt(method, route, options);
    }
  };

  return {
    call,
    whileHeld: ({ check }, run) => held.run(check, run),
    isTight,
    async history(channelId, { after, limit }, signal) {
      const options = { query: { after, limit: String(limit) }, ...(signal && { signal }) };
      const messages = historyMessages.safeParse(await call("GET", `/channels/${channelId}/messages`, options));
      if (!messages.success) throw new DiscordRefusal("Discord answered with no messages.", { retryable: true });
      return messages.data.toSorted((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1)); // it sends the newest first
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

const waitMsMax = 2_000;
const againMs = 250;

const historyMessage = z.looseObject({
  id: z.string().regex(/^\d{1,20}$/),
  content: z.string().default(""),
  author: z.looseObject({ id: z.string() }),
  type: z.number(),
  webhook_id: z.string().optional(),
  nonce: z.union([z.string(), z.number()]).optional(),
  interaction_metadata: z.looseObject({ id: z.string() }).optional(),
  message_reference: z.looseObject({ message_id: z.string().optional() }).nullish(),
});
const historyMessages = z.array(historyMessage);
