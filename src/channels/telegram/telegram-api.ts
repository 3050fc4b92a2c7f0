import { Api } from "grammy";
import type { Secret } from "../../secret.ts";

/**
 * The Bot API through grammY, with a `fetch` of our own: grammY's waits up to 500 s for an answer that was cut short. A call
 * ends after `callMs`; a long poll, which says itself how long it waits, `callMs` after that.
 */
export function telegramApi(token: Secret, apiRoot: string, callMs: number): Api["raw"] {
  const boundedFetch = async (url: string, init: GrammyRequest): Promise<Response> => {
    const bound = AbortSignal.timeout(callMs + pollMs(url, init.body));
    return await fetch(url, {
      method: init.method,
      headers: init.headers,
      body: init.body,
      signal: init.signal ? AbortSignal.any([bound, native(init.signal)]) : bound,
    });
  };
  return new Api(token.reveal(), {
    apiRoot: apiRoot.replace(/\/+$/, ""),
    fetch: boundedFetch,
  }).raw;
}

/** What grammY gives to fetch for a call that uploads no file. */
type GrammyRequest = {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly signal?: Pick<AbortSignal, "aborted" | "addEventListener">;
};

function pollMs(url: string, body: string): number {
  if (!url.endsWith("/getUpdates")) return 0;
  return ((JSON.parse(body) as { timeout?: number }).timeout ?? 0) * 1000;
}

/** grammY's signals are of a class of their own, which fetch refuses. */
function native(signal: Pick<AbortSignal, "aborted" | "addEventListener">): AbortSignal {
  const controller = new AbortController();
  if (signal.aborted) controller.abort();
  else signal.addEventListener("abort", () => controller.abort(), { once: true });
  return controller.signal;
}
