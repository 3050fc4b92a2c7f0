import { AiError } from "../conversation/domain/errors.ts";
import type { Sound, Transcriber } from "../conversation/ports/transcriber.ts";
import type { AiLimits } from "./ai-limits.ts";
import { asRecord } from "./as-record.ts";
import type { Provider } from "./choose-provider.ts";
import { readError } from "./read-error.ts";
import { providerHeaders, readBody, request } from "./request.ts";

/** Where speech is put into words. */
export type TranscriptionServer = Pick<Provider, "label" | "preset" | "baseUrl" | "key" | "authHeader"> & {
  readonly model: string;
};

/** Asks `/audio/transcriptions`, once: who waits for the words tries again. */
export function transcriber(server: TranscriptionServer, limits: AiLimits): Transcriber {
  return {
    async transcribe(sound, signal) {
      const late = AbortSignal.timeout(limits.transcriptionMs);
      try {
        return await ask(server, sound, limits, AbortSignal.any([signal, late]));
      } catch (error) {
        signal.throwIfAborted();
        if (!late.aborted) throw error;
        throw new AiError("timeout", `${server.label} sent no transcript within ${limits.transcriptionMs / 1_000} s`);
      }
    },
  };
}

async function ask(server: TranscriptionServer, sound: Sound, limits: AiLimits, signal: AbortSignal): Promise<string> {
  const form = new FormData();
  form.set("model", server.model);
  form.set("response_format", "json");
  form.set("file", new Blob([Buffer.from(sound.bytes)], { type: sound.mimeType ?? "audio/ogg" }), fileName(sound));
  const encoded = new Response(form); // the platform's own multipart
  const body = Buffer.from(await encoded.arrayBuffer());
  const headers = {
    ...providerHeaders(server),
    "content-type": encoded.headers.get("content-type") ?? "",
    "content-length": String(body.length),
    accept: "application/json",
  };
  const url = `${server.baseUrl}/audio/transcriptions`;
  const response = await request({ url, method: "POST", headers, body }, server, limits.connectMs, signal);
  const answer = await readBody(response, limits.transcriptBytesMax);
  signal.throwIfAborted();
  if (response.statusCode !== 200)
    throw readError({ status: response.statusCode ?? 0, headers: response.headers, body: answer }, server);
  return readTranscript(answer, server);
}

/** Servers go by the extension, and know no others than these. Telegram's voice notes are "audio/ogg", named "*.oga". */
const extensions: readonly (readonly [pattern: RegExp, extension: string])[] = [
  [/flac/, "flac"],
  [/webm/, "webm"],
  [/wav/, "wav"],
  [/mp4|m4a|aac/, "m4a"],
  [/mpeg|mp3/, "mp3"],
];

function fileName({ name, mimeType = "" }: Sound): string {
  const [, extension] = extensions.find(([pattern]) => pattern.test(mimeType || name)) ?? [undefined, "ogg"];
  return `sound.${extension}`;
}

function readTranscript(answer: string, { label }: TranscriptionServer): string {
  try {
    const { text } = asRecord(JSON.parse(answer));
    if (typeof text === "string") return text;
  } catch {
    // What is not JSON is no transcript either.
  }
  throw new AiError("broken", `${label} answered with something that is no transcript`);
}
