import { type IncomingMessage, request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import type { Api } from "grammy";
import { ChannelError } from "../../conversation/domain/errors.ts";
import type { Secret } from "../../secret.ts";
import { askTelegram } from "./ask-telegram.ts";
import { signalOf } from "./signal-of.ts";

/** Where files lie: their address holds the token, so it is told to nobody. */
export type FilePlace = {
  readonly api: Api["raw"];
  readonly token: Secret;
  readonly apiRoot: string;
  /** How long a whole download may take. */
  readonly fileMs: number;
};

/**
 * Fetches a file that someone sent. Telegram gives bots no more than 20 MB, and each address for an hour.
 *
 * @throws ChannelError not retryable when Telegram has it no more, or it has more than `bytesMax`
 */
export async function fetchFile(
  { api, token, apiRoot, fileMs }: FilePlace,
  fileId: string,
  bytesMax: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const asked = api.getFile({ file_id: fileId }, signalOf(signal));
  const { file_path: path, file_size: bytes = 0 } = await askTelegram(asked);
  if (path === undefined) throw gone("Telegram does not say where the file is");
  if (bytes > bytesMax) throw gone(`the file has ${bytes} bytes, and at most ${bytesMax} are taken`);
  const url = `${apiRoot.replace(/\/+$/, "")}/file/bot${token.reveal()}/${path}`;
  return await download(url, bytesMax, AbortSignal.any([signal, AbortSignal.timeout(fileMs)]));
}

async function download(url: string, bytesMax: number, signal: AbortSignal): Promise<Uint8Array> {
  const start = url.startsWith("https:") ? requestTls : requestPlain;
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const sent = start(url, { signal }, (response) => {
    bodyOf(response, bytesMax).then(resolve, reject);
  });
  sent.once("error", reject).end();
  try {
    return await promise;
  } catch (error) {
    if (error instanceof ChannelError) throw error;
    throw new ChannelError("a file of Telegram's could not be fetched whole", { retryable: true });
  } finally {
    sent.destroy();
  }
}

async function bodyOf(response: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  const { statusCode = 0 } = response;
  if (statusCode !== 200) {
    const isPassing = statusCode === 429 || statusCode >= 500;
    throw new ChannelError(`Telegram did not give a file (${statusCode})`, { retryable: isPassing });
  }
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response as AsyncIterable<Uint8Array>) {
    bytes += piece.length;
    if (bytes > bytesMax) throw gone(`the file has more than the ${bytesMax} bytes that are taken`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function gone(why: string): ChannelError {
  return new ChannelError(why, { retryable: false });
}
