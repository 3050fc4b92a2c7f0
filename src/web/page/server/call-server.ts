import type { ChatError } from "../../../channels/web-chat/api.ts";
import { pageLimits } from "../limits.ts";

/** What became of a request. A failure is an answer too: the page shows it or tries again. */
export type ServerAnswer<T> =
  | { readonly kind: "done"; readonly value: T }
  /** The server understood and said no, in a sentence for the person. */
  | { readonly kind: "refused"; readonly status: number; readonly sentence: string; readonly retryAfterMs: number }
  /** No answer, or none of ours (a proxy's page, a half one): whether the request arrived is not known. */
  | { readonly kind: "unreachable" };

/** Sends one request of the chat's API and reads its JSON. With a `body` it is a POST. Never throws, but for `signal`. */
export async function callServer<T>(path: string, body?: unknown, signal?: AbortSignal): Promise<ServerAnswer<T>> {
  const deadline = AbortSignal.timeout(pageLimits.requestMsMax);
  try {
    const response = await fetch(path, {
      ...(body !== undefined && {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    });
    if (!response.ok) return await readRefusal(response);
    const value = response.status === 204 ? undefined : await response.json();
    return { kind: "done", value: value as T };
  } catch {
    signal?.throwIfAborted();
    return { kind: "unreachable" };
  }
}

/** Reads an answer of 400 and above; what is not ours, and every 5xx but a 503 of ours, counts as unreachable. */
export async function readRefusal(response: Response): Promise<ServerAnswer<never>> {
  const error = await readError(response);
  if (!error) return { kind: "unreachable" };
  const { message: sentence, retryAfterMs = 0 } = error;
  return { kind: "refused", status: response.status, sentence, retryAfterMs };
}

async function readError(response: Response): Promise<ChatError | undefined> {
  try {
    const error = (await response.json()) as Partial<ChatError> | null;
    return typeof error?.message === "string"
      ? { ...error, error: error.error ?? "", message: error.message }
      : undefined;
  } catch {
    return undefined;
  }
}
