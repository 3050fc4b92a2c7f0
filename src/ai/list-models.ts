import { AiError } from "../conversation/domain/errors.ts";
import type { Model } from "../conversation/ports/model-catalogue.ts";
import { asRecord } from "./as-record.ts";
import type { AiLimits } from "./ai-limits.ts";
import type { Provider } from "./choose-provider.ts";
import { readError } from "./read-error.ts";
import { readsImages } from "./reads-images.ts";
import { providerHeaders, readBody, request } from "./request.ts";

/** A model as its provider lists it. */
export type ListedModel = Model & {
  /** Whether it answers in text, as far as the list or its name tells. */
  readonly chats: boolean;
};

/**
 * The provider's models, in its order, without doubles.
 *
 * @throws AiError
 */
export async function listModels(provider: Provider, limits: AiLimits): Promise<readonly ListedModel[]> {
  if (provider.retired) throw new AiError("retired", provider.retired);
  const signal = AbortSignal.timeout(limits.catalogueTimeoutMs);
  try {
    const response = await request(catalogueRequest(provider), provider, limits.connectMs, signal);
    const body = await readBody(response, limits.catalogueBytesMax);
    signal.throwIfAborted();
    if (response.statusCode !== 200)
      throw readError({ status: response.statusCode ?? 0, headers: response.headers, body }, provider);
    return readModels(body, provider).slice(0, limits.catalogueModelsMax);
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new AiError(
      "timeout",
      `${provider.label} sent no list of models within ${limits.catalogueTimeoutMs / 1_000} s`,
    );
  }
}

function catalogueRequest(provider: Provider) {
  const { key, catalogueKeyHeader, catalogueUrl } = provider;
  const own =
    catalogueKeyHeader && key ? { [catalogueKeyHeader]: key.reveal(), "anthropic-version": "2023-06-01" } : undefined;
  return {
    url: catalogueUrl,
    method: "GET" as const,
    headers: { accept: "application/json", ...(own ?? providerHeaders(provider)) },
  };
}

/** `{ data: [...] }` as OpenAI's, a bare array as GitHub's catalogue, `{ models: [...] }` as some local servers'. */
function readModels(body: string, { label }: Provider): ListedModel[] {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new AiError("broken", `${label} answered the request for its models with something that is not JSON`);
  }
  const { data, models } = asRecord(value);
  const items = [value, data, models].find((list) => Array.isArray(list));
  if (!Array.isArray(items)) throw new AiError("broken", `${label} does not list its models`);
  // llama.cpp lists each model twice, and says only in `models` what it can do.
  const capabilities = new Map(
    (Array.isArray(models) ? models : []).map(asRecord).map(({ name, capabilities }) => [name, { capabilities }]),
  );
  const byId = new Map(
    items
      .map(asRecord)
      .map((item) => ({ ...capabilities.get(item["id"]), ...item }))
      .flatMap((item) => readModel(item))
      .map((model) => [model.id, model]),
  );
  return [...byId.values()];
}

function readModel(item: Readonly<Record<string, unknown>>): ListedModel[] {
  const id = item["id"] ?? item["name"];
  if (typeof id !== "string" || id === "" || id.length > 200) return [];
  const contextTokensMax = readContext(item);
  const sees = readsImages(id, item);
  return [
    {
      id: id.replace(/^models\//, ""),
      chats: doesChat(id, item),
      ...(contextTokensMax && { contextTokensMax }),
      ...(sees !== undefined && { readsImages: sees }),
    },
  ];
}

/** OpenRouter, Groq, Mistral, vLLM, Anthropic, llama.cpp and GitHub each have a word for it. */
function readContext(item: Readonly<Record<string, unknown>>): number | undefined {
  const words = ["context_length", "context_window", "max_context_length", "max_model_len", "max_input_tokens"];
  const found = [
    ...words.map((word) => item[word]),
    asRecord(item["limits"])["max_input_tokens"],
    asRecord(item["meta"])["n_ctx_train"],
  ].find((value) => typeof value === "number" && value > 0);
  return typeof found === "number" ? found : undefined;
}

const otherTrades =
  /embed|whisper|tts|audio|realtime|transcri|speech|voice|image|dall-?e|imagen|veo|sora|lyria|moderation|rerank|guard|ocr|computer-use|deep-research|search-preview|davinci|babbage|gpt-3\.5-turbo-instruct|aqa|robotics|-live|bge-|minilm/i;

/** Mistral, OpenRouter and GitHub say it; for the others the name tells. */
function doesChat(id: string, item: Readonly<Record<string, unknown>>): boolean {
  const capable = asRecord(item["capabilities"])["completion_chat"];
  if (typeof capable === "boolean") return capable;
  const outputs = asRecord(item["architecture"])["output_modalities"] ?? item["supported_output_modalities"];
  if (Array.isArray(outputs)) return outputs.includes("text");
  return !otherTrades.test(id);
}
