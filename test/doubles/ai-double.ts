import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { AiFault, AiNoise } from "./ai-faults.ts";
import { readAiRequest, type AiRequest, type AiRequestBody } from "./ai-request.ts";
import { type AiRecording, readTranscription } from "./ai-transcriptions.ts";

export type AiDoubleOptions = {
  readonly port?: number;
  /** What `Authorization: Bearer` or `api-key` must hold. Without it anyone may ask. */
  readonly key?: string;
  readonly models?: readonly string[];
  readonly answer?: (request: AiRequest) => string;
  /** Before the first token. */
  readonly delayMs?: number;
  /** Before each further token. */
  readonly tokenMs?: number;
  readonly noise?: readonly AiNoise[];
  /** Fields of the body that this server refuses, such as "stream_options" (Mistral) or "max_tokens" (OpenAI). */
  readonly refusedFields?: readonly string[];
  /** Models that refuse pictures. */
  readonly blindModels?: readonly string[];
  /** How `GET /models` answers: as OpenAI does, as OpenRouter does, as GitHub's catalogue did, or not at all. */
  readonly lists?: AiList;
};

type AiList = "openai" | "openrouter" | "github" | "nothing";

/** A strict OpenAI-compatible server on 127.0.0.1. What is not readonly may be changed while it runs. */
export type AiDouble = {
  readonly port: number;
  /** For AI_BASE_URL. */
  readonly baseUrl: string;
  /** The same server under GitHub Models' path; its catalogue is `/catalog/models`. */
  readonly githubBaseUrl: string;
  /** The newest valid chat completions, oldest first; faulted ones included. */
  readonly requests: AiRequest[];
  /** All of them, also those that are not kept any more. */
  requestCount: number;
  /** The newest requests for the list of models. */
  readonly catalogueRequests: { readonly url: string; readonly headers: IncomingHttpHeaders }[];
  /** TCP connections taken so far. */
  connections: number;
  /** What a client should never send: unknown paths, bad bodies, wrong keys. Tests expect it to be empty. */
  readonly unknownRequests: string[];
  /** Requests whose client closed the connection before the end. */
  readonly aborted: AiRequest[];
  /** Answers that are being written. */
  running: number;
  models: readonly string[];
  answer: (request: AiRequest) => string;
  delayMs: number;
  tokenMs: number;
  noise: readonly AiNoise[];
  refusedFields: readonly string[];
  blindModels: readonly string[];
  lists: AiList;
  finishReason: string;
  /** What is said in a recording. */
  transcript: (recording: AiRecording) => string;
  /** The newest valid recordings that were to be put into words, faulted ones included. */
  readonly recordings: AiRecording[];
  /** `POST /audio/transcriptions` answers like this until it is set to undefined. */
  transcriptionFault: { status: number; body: unknown } | "hang" | undefined;
  /** The next `count` chat completions fail like this. */
  failNext(count: number, fault: AiFault): void;
  /** All chat completions that `when` holds for (by default all) fail like this until the returned function is called. */
  failWhile(fault: AiFault, when?: (request: AiRequest) => boolean): () => void;
  /** `GET /models` answers like this until it is set to undefined. */
  catalogueFault: { status: number; body: unknown } | "hang" | undefined;
  /** From now on no token is sent but by `release`. */
  hold(): void;
  /** Lets this many tokens go; without a number all, and the hold ends. */
  release(tokens?: number): void;
  stop(): Promise<void>;
};

const keptRequestsMax = 1_000;
const bodyBytesMax = 32_000_000;
const listeningModels = ["whisper-1"];

/** Starts the double. Its default answer is "You said: " and the last user message. */
export async function startAiDouble(options: AiDoubleOptions = {}): Promise<AiDouble> {
  const server = createServer((request, response) => {
    receive(request, response, running).catch((error: unknown) => {
      running.double.unknownRequests.push(`the double itself failed: ${String(error)}`);
      response.destroy();
    });
  });
  const running: Running = { double: createDouble(options), faults: [], gate: createGate(), key: options.key };
  server.keepAliveTimeout = 30_000;
  server.on("connection", () => running.double.connections++);
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  return withControls(running, server);
}

type Controls = "port" | "baseUrl" | "githubBaseUrl" | "failNext" | "failWhile" | "hold" | "release" | "stop";
type Settings = Omit<AiDouble, Controls>;
type Fault = { readonly fault: AiFault; left: number; readonly when?: (request: AiRequest) => boolean };
type Running = {
  readonly double: Settings;
  readonly faults: Fault[];
  readonly gate: ReturnType<typeof createGate>;
  readonly key: string | undefined;
};

function createDouble(options: AiDoubleOptions): Settings {
  return {
    requests: [],
    requestCount: 0,
    catalogueRequests: [],
    connections: 0,
    unknownRequests: [],
    aborted: [],
    running: 0,
    models: options.models ?? ["test-model", "other-model"],
    answer: options.answer ?? (({ body }) => `You said: ${body.messages.at(-1)?.content}`),
    delayMs: options.delayMs ?? 0,
    tokenMs: options.tokenMs ?? 0,
    noise: options.noise ?? [],
    refusedFields: options.refusedFields ?? [],
    blindModels: options.blindModels ?? [],
    lists: options.lists ?? "openai",
    finishReason: "stop",
    transcript: () => "what is said in it",
    recordings: [],
    transcriptionFault: undefined,
    catalogueFault: undefined,
  };
}

/** The same object, so that what a test changes is what the server reads. */
function withControls({ double, faults, gate }: Running, server: Server): AiDouble {
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return Object.assign(double, {
    port,
    baseUrl: `http://127.0.0.1:${port}/v1`,
    githubBaseUrl: `http://127.0.0.1:${port}/inference`,
    failNext: (count: number, fault: AiFault) => void faults.push({ fault, left: count }),
    failWhile(fault: AiFault, when?: (request: AiRequest) => boolean) {
      const entry: Fault = { fault, left: Infinity, ...(when && { when }) };
      faults.push(entry);
      return () => void (entry.left = 0);
    },
    hold: gate.hold,
    release: gate.release,
    stop: () =>
      new Promise<void>((resolve) => {
        gate.release();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

async function receive(request: IncomingMessage, response: ServerResponse, running: Running): Promise<void> {
  const { double, key } = running;
  const path = new URL(request.url ?? "/", "http://double").pathname;
  const sent = await readBytes(request);
  const route = `${request.method} ${path}`;
  if (!hasKey(request, key)) {
    double.unknownRequests.push(`${route} with a wrong key`);
    return sendJson(response, 401, {
      error: { message: "Incorrect API key provided.", type: "invalid_request_error", code: "invalid_api_key" },
    });
  }
  if (/^GET (\/v1\/models|\/inference\/models|\/catalog\/models)$/.test(route)) {
    double.catalogueRequests.push({ url: request.url ?? "", headers: request.headers });
    if (double.catalogueRequests.length > keptRequestsMax) double.catalogueRequests.shift();
    return list(response, double);
  }
  if (route === "POST /v1/audio/transcriptions") return await transcribe(request, sent, response, double);
  if (!/^POST (\/v1|\/inference)\/chat\/completions$/.test(route)) {
    double.unknownRequests.push(route);
    return sendJson(response, 404, { error: { message: `Invalid URL (${route})`, type: "invalid_request_error" } });
  }
  if (!request.headers["content-type"]?.startsWith("application/json")) {
    double.unknownRequests.push(`${route} with content-type ${request.headers["content-type"]}`);
    return sendJson(response, 415, { error: { message: "Unsupported media type" } });
  }

  const body = readAiRequest(sent.toString("utf8"), double);
  if ("status" in body) {
    double.unknownRequests.push(`${route}: ${JSON.stringify(body.body)}`);
    return sendJson(response, body.status, body.body);
  }
  const asked: AiRequest = { path, headers: request.headers, body, atMs: Date.now() };
  double.requestCount++;
  double.requests.push(asked);
  if (double.requests.length > keptRequestsMax) double.requests.shift();
  await answer(asked, response, running);
}

async function transcribe(
  request: IncomingMessage,
  sent: Buffer,
  response: ServerResponse,
  double: Settings,
): Promise<void> {
  const recording = await readTranscription(request, sent, listeningModels);
  if ("status" in recording) {
    double.unknownRequests.push(`transcription: ${JSON.stringify(recording.body)}`);
    return sendJson(response, recording.status, recording.body);
  }
  double.recordings.push(recording);
  if (double.recordings.length > keptRequestsMax) double.recordings.shift();
  if (double.transcriptionFault === "hang") return;
  if (double.transcriptionFault)
    return sendJson(response, double.transcriptionFault.status, double.transcriptionFault.body);
  sendJson(response, 200, { text: double.transcript(recording) });
}

async function answer(asked: AiRequest, response: ServerResponse, running: Running): Promise<void> {
  const { double, faults } = running;
  const fault = takeFault(asked, faults);
  double.running++;
  response.on("close", () => {
    double.running--;
    if (!response.writableFinished && !response.destroyedByDouble) double.aborted.push(asked);
  });
  if (typeof fault === "object" && "status" in fault)
    return sendJson(response, fault.status, fault.body, fault.headers);
  if (fault === "hang") return;
  if (fault === "reset") return destroy(response);
  if (fault === "html") return sendHtml(response);
  if (fault === "json-error")
    return sendJson(response, 200, { error: { message: "Provider returned error", code: 502 } });

  const text = fault === "empty" ? "" : double.answer(asked);
  if (!asked.body.stream) return sendJson(response, 200, wholeAnswer(asked.body, text, double.finishReason));
  await stream(asked, response, { text, fault }, running);
}

function takeFault(asked: AiRequest, faults: readonly Fault[]): AiFault | undefined {
  const entry = faults.find(({ left, when }) => left > 0 && (!when || when(asked)));
  if (!entry) return undefined;
  entry.left--;
  return entry.fault;
}

async function stream(
  asked: AiRequest,
  response: ServerResponse,
  { text, fault }: { text: string; fault: AiFault | undefined },
  { double, gate }: Running,
): Promise<void> {
  const { delayMs, tokenMs, noise, finishReason } = double;
  const tokens = toEvents(asked.body, text, noise);
  const whole = fault === undefined || (typeof fault === "string" && harmless.has(fault));
  const last = lastEvents(asked.body, text, { fault, finishReason });
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" });

  if (delayMs > 0) {
    response.flushHeaders();
    await sleep(delayMs);
  }
  if (tokenMs === 0 && !gate.held() && noise.length === 0 && whole) {
    response.end(tokens.join("") + last); // the benchmarks' way: one write
    return;
  }
  response.flushHeaders();
  for (const [index, token] of tokens.slice(0, whole ? undefined : tokensBefore(fault, tokens.length)).entries()) {
    if (tokenMs > 0 && index > 0) await sleep(tokenMs);
    await gate.pass();
    if (response.destroyed) return;
    await write(response, token, noise);
  }
  await finish(response, { fault, last, noise });
}

/** Faults whose text is whole. */
const harmless: ReadonlySet<AiFault> = new Set(["no-finish", "no-done", "empty"] as const);

type Ending = { readonly fault: AiFault | undefined; readonly last: string; readonly noise: readonly AiNoise[] };

async function finish(response: ServerResponse, { fault, last, noise }: Ending): Promise<void> {
  if (fault === "stall" || fault === "hang-before-token") return;
  if (fault === "only-comments") return comment(response);
  if (fault === "endless-line") return void response.write(`data: ${"x".repeat(3_000_000)}`);
  if (fault === "open-end") return void response.write(last);
  if (fault !== undefined) await sleep(50); // so that what was written before arrives by itself
  if (fault === "cut" || fault === "cut-before-token") return destroy(response);
  await write(response, last, noise);
  response.end();
}

async function comment(response: ServerResponse): Promise<void> {
  while (!response.destroyed) {
    response.write(": OPENROUTER PROCESSING\n\n");
    await sleep(10);
  }
}

function list(response: ServerResponse, double: Settings): void {
  if (double.catalogueFault === "hang") return;
  if (double.catalogueFault) return sendJson(response, double.catalogueFault.status, double.catalogueFault.body);
  if (double.lists === "nothing") return sendJson(response, 404, { detail: "Not Found" });
  if (double.lists === "github")
    return sendJson(
      response,
      200,
      double.models.map((id) => ({
        id,
        name: id.split("/").at(-1),
        publisher: id.split("/")[0],
        supported_output_modalities: ["text"],
        limits: { max_input_tokens: 131_072, max_output_tokens: 16_384 },
      })),
    );
  const modalities = (id: string) => ({
    architecture: {
      input_modalities: double.blindModels.includes(id) ? ["text"] : ["text", "image"],
      output_modalities: ["text"],
    },
  });
  sendJson(response, 200, {
    object: "list",
    data: double.models.map((id) => ({
      id,
      object: "model",
      created: 1_700_000_000,
      owned_by: "double",
      ...(double.lists === "openrouter" && modalities(id)),
    })),
  });
}

declare module "node:http" {
  interface ServerResponse {
    /** We closed it, not the client. */
    destroyedByDouble?: true;
  }
}

function destroy(response: ServerResponse): void {
  response.destroyedByDouble = true;
  response.destroy();
}

async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > bodyBytesMax) throw new Error("the body is too long for the double");
  }
  return Buffer.concat(chunks);
}

function hasKey({ headers }: IncomingMessage, key: string | undefined): boolean {
  return (
    key === undefined ||
    headers.authorization === `Bearer ${key}` ||
    headers["api-key"] === key ||
    headers["x-api-key"] === key
  );
}

function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body ?? {}));
}

function sendHtml(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
  response.end("<!doctype html><html><body>Please sign in to the Wi-Fi</body></html>");
}

function tokensBefore(fault: AiFault | undefined, tokens: number): number {
  if (fault === "open-end") return tokens;
  if (fault === "hang-before-token" || fault === "cut-before-token" || fault === "only-comments") return 0;
  if (typeof fault === "object" && "afterTokens" in fault && fault.afterTokens !== undefined) return fault.afterTokens;
  return Math.ceil(tokens / 2);
}

/** Words with the space before them, each as one event; with the noise around them. */
function toEvents(body: AiRequestBody, text: string, noise: readonly AiNoise[]): string[] {
  const before: string[] = [];
  if (noise.includes("comments")) before.push(": OPENROUTER PROCESSING\n\n");
  if (noise.includes("empty-choices"))
    before.push(event({ id: "", object: "", model: "", created: 0, choices: [], prompt_filter_results: [] }));
  if (noise.includes("null-content")) before.push(event(chunk(body, { role: "assistant", content: null })));
  if (noise.includes("reasoning-content"))
    before.push(event(chunk(body, { content: null, reasoning_content: "SECRET THOUGHT" })));
  if (noise.includes("reasoning")) before.push(event(chunk(body, { content: "", reasoning: "SECRET THOUGHT" })));
  if (noise.includes("thinking-parts"))
    before.push(
      event(chunk(body, { content: [{ type: "thinking", thinking: [{ type: "text", text: "SECRET THOUGHT" }] }] })),
    );
  const thoughts = noise.includes("think-tags") ? ["<thi", "nk>SECRET ", "THOUGHT</", "think>", "\n\n"] : [];
  const words = text.match(/\s*\S+|\s+$/g) ?? [];
  return [...before, ...[...thoughts, ...words].map((content) => event(chunk(body, { content })))];
}

function lastEvents(
  body: AiRequestBody,
  text: string,
  { fault, finishReason }: { fault: AiFault | undefined; finishReason: string },
): string {
  if (fault === "no-end") return "";
  if (fault === "malformed") return 'data: {"choices": [oops\n\n';
  if (typeof fault === "object" && "event" in fault) return event(fault.event);
  const finish = fault === "no-finish" ? "" : event(chunk(body, {}, finishReason));
  const usage = body.stream_options?.include_usage
    ? event({ ...chunk(body, {}), choices: [], usage: usageOf(body, text) })
    : "";
  const done = fault === "no-done" || fault === "open-end" ? "" : "data: [DONE]\n\n";
  return finish + usage + done;
}

function chunk({ model }: AiRequestBody, delta: unknown, finishReason: string | null = null): object {
  return {
    id: "chatcmpl-double",
    object: "chat.completion.chunk",
    created: 1_700_000_000,
    model,
    choices: [{ index: 0, delta, finish_reason: finishReason }],
  };
}

function event(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

function wholeAnswer(body: AiRequestBody, content: string, finishReason: string): object {
  return {
    id: "chatcmpl-double",
    object: "chat.completion",
    created: 1_700_000_000,
    model: body.model,
    choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: finishReason }],
    usage: usageOf(body, content),
  };
}

/** Deterministic: four characters are a token. */
function usageOf({ messages }: AiRequestBody, text: string): object {
  const promptTokens = messages.reduce((sum, { content }) => sum + Math.ceil(content.length / 4), 0);
  const completionTokens = Math.ceil(text.length / 4);
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}

async function write(response: ServerResponse, events: string, noise: readonly AiNoise[]): Promise<void> {
  const text = noise.includes("crlf") ? events.replaceAll("\n", "\r\n") : events;
  if (!noise.includes("split-bytes")) return void response.write(text);
  const bytes = Buffer.from(text);
  for (let index = 0; index < bytes.length; index += 7) {
    response.write(bytes.subarray(index, index + 7));
    await sleep(0);
  }
}

/** Lets tokens through: all, or while held only as many as were released. */
function createGate() {
  let permits = Infinity;
  let waiting: (() => void)[] = [];
  return {
    held: () => permits !== Infinity,
    hold: () => void (permits = 0),
    release(tokens = Infinity) {
      permits += tokens;
      const woken = waiting;
      waiting = [];
      for (const wake of woken) wake();
    },
    async pass() {
      for (;;) {
        if (permits >= 1) return void permits--;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
  };
}
