import { request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import { buffer, text } from "node:stream/consumers";
import { Api } from "grammy";
import type { Secret } from "../../secret.ts";
import type { TelegramTimings } from "./telegram-timings.ts";

/**
 * The Bot API through grammY, with a `fetch` of our own: grammY's waits up to 500 s for an answer that was cut short. A call
 * ends after `callMs`; a long poll, which says itself how long it waits, `callMs` after that; one with a file after `uploadMs`. Over
 * `node:http`, for Node's `fetch` costs more, and under load 60 MB.
 */
export function telegramApi(
  token: Secret,
  apiRoot: string,
  { callMs, uploadMs }: Pick<TelegramTimings, "callMs" | "uploadMs">,
): Api["raw"] {
  const boundedFetch = async (url: string, { body, ...asked }: GrammyRequest) =>
    typeof body === "string"
      ? post(url, { ...asked, body }, callMs + pollMs(url, body))
      : post(url, { ...asked, body: await buffer(body) }, uploadMs);
  return new Api(token.reveal(), { apiRoot: apiRoot.replace(/\/+$/, ""), fetch: boundedFetch }).raw;
}

/** What grammY gives to fetch: JSON, or a form where a file is uploaded. */
type GrammyRequest = {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: string | AsyncIterable<Uint8Array>;
  readonly signal?: Pick<AbortSignal, "aborted" | "addEventListener" | "removeEventListener">;
};

function pollMs(url: string, body: string): number {
  if (!url.endsWith("/getUpdates")) return 0;
  return ((JSON.parse(body) as { timeout?: number }).timeout ?? 0) * 1000;
}

/** Resolves with what grammY needs of a Response: the whole body has arrived, whatever the status. */
function post(
  url: string,
  { method, headers, body, signal }: Omit<GrammyRequest, "body"> & { readonly body: string | Buffer },
  withinMs: number,
): Promise<{ json(): Promise<unknown> }> {
  const start = url.startsWith("https:") ? requestTls : requestPlain;
  const { promise, resolve, reject } = Promise.withResolvers<{ json(): Promise<unknown> }>();
  const sent = start(
    url,
    { method, headers: { ...headers, "content-length": Buffer.byteLength(body) } },
    (response) => {
      text(response).then((answer) => resolve({ json: async () => JSON.parse(answer) as unknown }), reject);
    },
  );
  const end = (error: Error) => {
    sent.destroy(error);
    reject(error);
  };
  const abort = () => end(new DOMException("The call was aborted", "AbortError"));
  const timer = setTimeout(() => end(new DOMException(`no answer within ${withinMs} ms`, "TimeoutError")), withinMs);
  signal?.addEventListener("abort", abort, { once: true });
  sent.once("error", reject);
  sent.once("close", () => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  });
  if (signal?.aborted) abort();
  else sent.end(body);
  return promise;
}
