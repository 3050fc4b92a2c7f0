import { request as requestPlain, type IncomingMessage } from "node:http";
import { request as requestTls } from "node:https";
import { AiError } from "../conversation/domain/errors.ts";
import type { Provider } from "./choose-provider.ts";
import { readNetworkError, type Who } from "./read-error.ts";

type Request = {
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
};

/**
 * Sends a request and resolves when the answer's headers are there, with a body that is still to come. Redirects are
 * not followed: they would carry the key elsewhere. `node:http` and not `fetch`, because only it can bound the
 * connecting alone (a local server sends its headers with the first token), has no hidden limit of 300 s, and costs less.
 *
 * @throws AiError, or `signal`'s reason
 */
export async function request(
  asked: Request,
  provider: Who,
  connectMs: number,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  signal.throwIfAborted();
  const connecting = { connectMs, label: provider.label };
  try {
    const answer = await send(asked, { ...connecting, fresh: false }, signal);
    return answer === "stale" ? await sendFresh(asked, connecting, signal) : answer;
  } catch (error) {
    signal.throwIfAborted();
    throw readNetworkError(error, provider);
  }
}

type Connecting = { readonly connectMs: number; readonly label: string; readonly fresh: boolean };

async function sendFresh(
  asked: Request,
  connecting: Omit<Connecting, "fresh">,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const answer = await send(asked, { ...connecting, fresh: true }, signal);
  if (answer === "stale") throw new Error("a new connection cannot be stale");
  return answer;
}

/** "stale": the server closed an idle connection just when we took it. No answer was begun, so we may ask again on a new one. */

function send(asked: Request, connecting: Connecting, signal: AbortSignal): Promise<IncomingMessage | "stale"> {
  const { url, method, headers, body } = asked;
  const start = url.startsWith("https:") ? requestTls : requestPlain;
  return new Promise((resolve, reject) => {
    const sent = start(url, { method, headers, signal, ...(connecting.fresh && { agent: false }) });
    let timer: NodeJS.Timeout | undefined;
    sent.on("socket", (socket) => {
      if (!socket.connecting) return;
      timer = setTimeout(() => sent.destroy(connectTimeout(connecting)), connecting.connectMs);
      socket.once(url.startsWith("https:") ? "secureConnect" : "connect", () => clearTimeout(timer));
    });
    sent.on("response", (response) => {
      clearTimeout(timer);
      response.on("error", () => {}); // whoever reads it learns of it; when nobody does, it must not end the process
      resolve(response);
    });
    sent.on("error", (error) => {
      clearTimeout(timer);
      const isStale = sent.reusedSocket && "code" in error && error.code === "ECONNRESET";
      if (isStale && !connecting.fresh && !signal.aborted) resolve("stale");
      else reject(error);
    });
    sent.end(body);
  });
}

function connectTimeout({ connectMs, label }: Connecting): AiError {
  return new AiError("timeout", `${label} cannot be reached: no connection within ${connectMs / 1_000} s`);
}

/** The headers that every request to the provider carries. */
export function providerHeaders({ key, authHeader }: Pick<Provider, "key" | "authHeader">): Record<string, string> {
  if (!key) return {};
  return { [authHeader]: authHeader === "api-key" ? key.reveal() : `Bearer ${key.reveal()}` };
}

/** The body as text, cut at `bytesMax`. What goes wrong on the way ends it early. */
export async function readBody(response: IncomingMessage, bytesMax: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= bytesMax) break;
    }
  } catch {
    // What there is says more than how it ended.
  }
  return Buffer.concat(chunks).subarray(0, bytesMax).toString("utf8");
}
