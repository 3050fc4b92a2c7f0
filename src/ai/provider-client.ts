import type { IncomingMessage } from "node:http";
import { createParser } from "eventsource-parser";
import { LRUCache } from "lru-cache";
import { AiError } from "../conversation/domain/errors.ts";
import type { AiChunk, AiClient, AiEnd, Prompt, PromptMessage } from "../conversation/ports/ai-client.ts";
import type { AiLimits } from "./ai-limits.ts";
import type { Provider } from "./choose-provider.ts";
import type { Dialect } from "./presets.ts";
import { readError, readNetworkError } from "./read-error.ts";
import { readEvent, type StreamEvent } from "./read-event.ts";
import { providerHeaders, readBody, request } from "./request.ts";
import { visibleText } from "./visible-text.ts";
import { watch, type Watch } from "./watch.ts";

/**
 * Asks one provider, once: no retries, no fallback. Only when a server refuses a field that its family is known to differ
 * in, it is asked again in the other dialect, and so from then on.
 */
export function providerClient(provider: Provider, limits: AiLimits): AiClient {
  const dialects = new LRUCache<string, Dialect>({ max: limits.targetsMax });
  /** Models that have refused images. Only for a while, for servers change. */
  const blind = new LRUCache<string, true>({ max: limits.targetsMax, ttl: limits.catalogueMs });
  return { stream };

  async function* stream(prompt: Prompt, signal: AbortSignal): AsyncGenerator<AiChunk> {
    signal.throwIfAborted();
    if (provider.retired) throw new AiError("retired", provider.retired);
    let asked = blind.has(prompt.model) ? withoutImages(prompt) : prompt;
    for (let lessons = 0, begun = false; ; lessons++) {
      const dialect = dialects.get(prompt.model) ?? provider.dialect;
      try {
        for await (const chunk of ask({ provider, limits, dialect }, asked, signal)) {
          begun = true;
          yield "end" in chunk && asked !== prompt ? { ...chunk, imagesRefused: true } : chunk;
        }
        return;
      } catch (error) {
        if (begun || lessons === lessonsMax) throw error;
        const learnt = learnDialect(error, dialect);
        const refusal = hasImages(asked) && readImageRefusal(error, asked);
        if (!learnt && !refusal) throw error;
        if (learnt) dialects.set(prompt.model, learnt);
        if (refusal) asked = withoutImages(asked);
        if (refusal === "any") blind.set(prompt.model, true);
      }
    }
  }
}

/** Two fields of the dialect, and images. */
const lessonsMax = 3;

type Asking = { readonly provider: Provider; readonly limits: AiLimits; readonly dialect: Dialect };

async function* ask(asking: Asking, prompt: Prompt, signal: AbortSignal): AsyncGenerator<AiChunk> {
  const { provider, limits } = asking;
  const watched = watch(provider.label, limits.totalMs, signal);
  const progress: Progress = { shownChars: 0, done: false };
  let response: IncomingMessage | undefined;
  try {
    watched.expect("no first token", firstTokenMs(asking, prompt.model));
    response = await watched.during(() =>
      request(chatRequest(asking, prompt), provider, limits.connectMs, watched.signal),
    );
    const answer = response;
    await watched.during(() => refuseUnlessStream(answer, asking));
    yield* readAnswer(answer, asking, progress, watched);
    yield readEnd(progress, asking, prompt.model);
  } catch (error) {
    watched.signal.throwIfAborted();
    throw readNetworkError(error, provider);
  } finally {
    watched.stop();
    if (response) leave(response, progress.done, limits.afterEndMs);
  }
}

/** Models that think first, and often in silence: OpenAI's o-series and gpt-5 on, and those that say it in their names. */
const thinkers = /(^|\/)(o\d|gpt-([5-9]|\d\d)|deepseek-r|qwq|magistral)|reason|think/i;

function firstTokenMs({ provider, limits }: Asking, model: string): number {
  return provider.local || thinkers.test(model) ? limits.firstTokenSlowMs : limits.firstTokenMs;
}

function chatRequest({ provider, dialect }: Asking, { model, messages, replyTokensMax }: Prompt) {
  const body = JSON.stringify({
    model,
    messages: messages.map(toWire),
    stream: true,
    ...(dialect.usageOption && { stream_options: { include_usage: true } }),
    [dialect.tokensField]: replyTokensMax,
  });
  return {
    url: `${provider.baseUrl}/chat/completions`,
    method: "POST" as const,
    headers: {
      ...providerHeaders(provider),
      "content-type": "application/json",
      "content-length": String(Buffer.byteLength(body)),
      accept: "text/event-stream",
    },
    body,
  };
}

/** Parts only where there are images: a server that knows no images may not know parts either. */
function toWire({ role, content, images = [] }: PromptMessage): object {
  if (images.length === 0) return { role, content };
  const shown = images.map(({ mimeType, base64 }) => ({
    type: "image_url",
    image_url: { url: `data:${mimeType};base64,${base64}` },
  }));
  return { role, content: [{ type: "text", text: content }, ...shown] };
}

/** @throws AiError for anything but 200 with a stream: a status, a web page, an error in JSON */
async function refuseUnlessStream(response: IncomingMessage, { provider, limits }: Asking): Promise<void> {
  const { statusCode: status = 0, headers } = response;
  const type = headers["content-type"] ?? "";
  if (status === 200 && !/^(text\/html|application\/json)/i.test(type)) return;

  const body = await readBody(response, limits.errorBytesMax);
  if (status !== 200) throw readError({ status, headers, body }, provider);
  if (/^\s*(\{\s*"(error|object":\s*"error)|\[\s*\{\s*"error)"/.test(body))
    throw readError({ headers, body }, provider);
  throw new AiError(
    "broken",
    `${provider.label} answered with ${type.split(";")[0]} instead of a stream; check AI_BASE_URL`,
  );
}

type Progress = { end?: AiEnd["end"]; usage?: NonNullable<AiEnd["usage"]>; shownChars: number; done: boolean };

/** Texts as they come, one for each piece of the network's. After the finish reason nothing can go wrong any more. */
async function* readAnswer(
  response: IncomingMessage,
  { provider, limits }: Asking,
  progress: Progress,
  watched: Watch,
): AsyncGenerator<AiChunk> {
  const visible = visibleText();
  const show = (text: string): AiChunk[] => {
    progress.shownChars += text.length;
    return text ? [{ text }] : [];
  };
  try {
    for await (const events of readEvents(response, limits, watched)) {
      const said = events.map((event) => takeEvent(event, provider, progress));
      if (said.some(({ alive }) => alive)) watched.expect("no further token", limits.idleMs);
      if (progress.end) watched.expect("no end", limits.afterEndMs);
      yield* show(visible.push(said.map(({ text }) => text).join("")));
      if (progress.done || progress.shownChars > limits.answerCharsMax) break;
    }
  } catch (error) {
    if (!progress.end || watched.cancelled()) throw error;
  }
  yield* show(visible.end());
}

/**
 * Adds what the event says to `progress`.
 *
 * @throws AiError for an error in mid-stream, and for what is not JSON
 */
function takeEvent(data: string, provider: Provider, progress: Progress): Pick<StreamEvent, "text" | "alive"> {
  if (data === "[DONE]") {
    progress.done = true;
    return { text: "", alive: false };
  }
  const event = parseEvent(data, provider);
  const { text, alive, end, usage, failed } = readEvent(event);
  if (failed) throw readError({ body: event }, provider);
  if (end) progress.end = end;
  if (usage) progress.usage = usage;
  return { text, alive };
}

function parseEvent(data: string, { label }: Provider): unknown {
  try {
    return JSON.parse(data);
  } catch {
    throw new AiError("broken", `${label} sent an event that is not JSON`);
  }
}

/** The data of the events that came in one piece of the network's, until the stream ends. Comments make none. */
async function* readEvents(response: IncomingMessage, limits: AiLimits, watched: Watch): AsyncGenerator<string[]> {
  let events: string[] = [];
  const parser = createParser({
    onEvent: ({ data }) => void events.push(data),
    onError({ type, message }) {
      if (type === "max-buffer-size-exceeded")
        throw new AiError("broken", `The stream has an endless event: ${message}`);
    },
    maxBufferSize: limits.eventCharsMax,
  });
  const decoder = new TextDecoder();
  const pieces = response.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer, undefined>;
  for (;;) {
    const piece = await watched.during(() => pieces.next());
    parser.feed(piece.done ? "\n\n" : decoder.decode(piece.value, { stream: true }));
    if (events.length > 0) yield events;
    if (piece.done) return;
    events = [];
  }
}

/** A stream without a finish reason is a failure, whatever it sent; so is an answer without a word. */
function readEnd({ end, usage, shownChars }: Progress, { provider, limits }: Asking, model: string): AiEnd {
  if (shownChars > limits.answerCharsMax) return { end: "length", model };
  if (!end) throw new AiError("broken", `${provider.label} ended its answer without a finish reason`);
  if (shownChars === 0) throw emptyAnswer(end, provider);
  return { end, model, ...(usage && { usage }) };
}

function emptyAnswer(end: AiEnd["end"], { label }: Provider): AiError {
  if (end === "filtered") return new AiError("refused", `${label} filtered the whole answer`);
  if (end === "complete") return new AiError("broken", `${label} answered with nothing`);
  const spent = `${label} used up the tokens of the reply before its first word; raise REPLY_TOKENS`;
  return new AiError("bad_request", spent);
}

/** A response that is read to its end gives its connection back for the next request; any other is closed. */
function leave(response: IncomingMessage, done: boolean, waitMs: number): void {
  if (!done) return void response.destroy();
  if (response.readableEnded || response.destroyed) return;
  const timer = setTimeout(() => response.destroy(), waitMs).unref();
  response.once("close", () => clearTimeout(timer));
  response.resume();
}

/** What a refusal of a field teaches: OpenAI's newer models want `max_completion_tokens`, others know only `max_tokens`. */
function learnDialect(error: unknown, dialect: Dialect): Dialect | undefined {
  if (!(error instanceof AiError) || error.kind !== "bad_request") return undefined;
  const { message } = error;
  if (dialect.usageOption && /stream_options/.test(message)) return { ...dialect, usageOption: false };
  if (dialect.tokensField === "max_tokens" && /max_tokens/.test(message))
    return { ...dialect, tokensField: "max_completion_tokens" };
  if (dialect.tokensField === "max_completion_tokens" && /max_completion_tokens/.test(message))
    return { ...dialect, tokensField: "max_tokens" };
  return undefined;
}

/**
 * Whether a server refused a prompt because of its images: "any", for the model reads none, or "these". OpenAI: "image_url is only
 * supported by certain models"; OpenRouter: 404 "No endpoints found that support image input"; vLLM: "not a multimodal model"; llama.cpp:
 * 500 "image input is not supported"; DeepSeek: "unknown variant `image_url`"; Groq: "content must be a string". These are too large for
 * Anthropic ("image exceeds 5 MB maximum") or for Groq (413), or are none ("Could not process image").
 */
function readImageRefusal(error: unknown, prompt: Prompt): "any" | "these" | undefined {
  if (!(error instanceof AiError)) return undefined;
  const { kind, message } = error;
  if (kind === "rate_limited" || kind === "quota" || kind === "unauthorized") return undefined;
  if (kind === "too_long") return imageChars(prompt) > heavyChars ? "these" : undefined;
  if (imagesUnknown.test(message) && !/format|valid image/i.test(message)) return "any";
  return kind === "bad_request" && /image/i.test(message) ? "these" : undefined;
}

const imagesUnknown =
  /image.*\b(not|only) support|\b(not|doesn.t|that) support.*(image|vision)|not a (multi-?modal|vision)|variant \Wimage|content\W+must be a string|At most 0 image/i;

/** As much can only be refused for its size because of the images. */
const heavyChars = 1_000_000;

function imageChars({ messages }: Prompt): number {
  return messages.flatMap(({ images = [] }) => images).reduce((sum, { base64 }) => sum + base64.length, 0);
}

function hasImages({ messages }: Prompt): boolean {
  return messages.some(({ images }) => images);
}

/** The prompt in words alone; the same when it is. */
function withoutImages(prompt: Prompt): Prompt {
  if (!hasImages(prompt)) return prompt;
  return { ...prompt, messages: prompt.messages.map(({ role, content }) => ({ role, content })) };
}
