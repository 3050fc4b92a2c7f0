import type { IncomingMessage } from "node:http";

/** A recording that arrived to be put into words. */
export type AiRecording = {
  readonly model: string;
  readonly fileName: string;
  readonly type: string;
  readonly bytes: Buffer;
};

type Refusal = { readonly status: number; readonly body: unknown };

const recordingBytesMax = 25 * 1024 * 1024;
const fields: ReadonlySet<string> = new Set(["file", "model", "response_format", "language", "prompt", "temperature"]);

/** What a file of each extension begins with. */
const magic: Readonly<Record<string, RegExp>> = {
  ogg: /^OggS/,
  flac: /^fLaC/,
  wav: /^RIFF[\s\S]{4}WAVE/,
  webm: /^[\s\S]E\xdf\xa3/,
  mp3: /^(ID3|\xff[\xe2-\xfb])/,
  mp4: /^[\s\S]{4}ftyp/,
  m4a: /^[\s\S]{4}ftyp/,
};

/** Reads a form as OpenAI does: known fields, a file with a known extension that is what it says, a model that listens. */
export async function readTranscription(
  { headers }: IncomingMessage,
  body: Buffer,
  models: readonly string[],
): Promise<AiRecording | Refusal> {
  const type = headers["content-type"] ?? "";
  if (!/^multipart\/form-data; ?boundary=/.test(type)) return badRequest("the body must be multipart/form-data");
  if (headers["content-length"] === undefined) return { status: 411, body: { error: { message: "Length required" } } };
  const form = await new Response(new Uint8Array(body), { headers: { "content-type": type } })
    .formData()
    .catch(() => undefined);
  if (!form) return badRequest("Could not parse multipart form");
  const names = [...form.keys()];
  const unknown = names.find((name) => !fields.has(name));
  if (unknown !== undefined) return badRequest(`Unrecognized request argument supplied: ${unknown}`);
  if (new Set(names).size < names.length) return badRequest("a field came twice");

  const [file, model, format] = [form.get("file"), form.get("model"), form.get("response_format")];
  if (!(file instanceof File)) return badRequest("file is required");
  if (typeof model !== "string" || !models.includes(model)) return badRequest("invalid model ID");
  if (format !== null && format !== "json") return badRequest("this double answers in JSON");
  return await readRecording(file, model);
}

async function readRecording(file: File, model: string): Promise<AiRecording | Refusal> {
  if (file.size > recordingBytesMax)
    return { status: 413, body: { error: { message: `Maximum content size limit (${recordingBytesMax}) exceeded` } } };
  const extension = /\.(\w+)$/.exec(file.name)?.[1] ?? "";
  const bytes = Buffer.from(await file.arrayBuffer());
  if (!magic[extension]?.test(bytes.subarray(0, 12).toString("latin1")))
    return badRequest("Invalid file format. Supported formats: ['flac', 'm4a', 'mp3', 'mp4', 'ogg', 'wav', 'webm']");
  return { model, fileName: file.name, type: file.type, bytes };
}

function badRequest(message: string): Refusal {
  return { status: 400, body: { error: { message, type: "invalid_request_error", param: null, code: null } } };
}
