import { expect, test } from "vitest";
import { providerOf } from "../../src/ai/choose-provider.ts";
import { listModels } from "../../src/ai/list-models.ts";
import { modelCatalogue } from "../../src/ai/model-catalogue.ts";
import { pickModel } from "../../src/ai/pick-model.ts";
import type { AiLimits } from "../../src/ai/ai-limits.ts";
import { Secret } from "../../src/secret.ts";
import type { AiDouble } from "../doubles/ai-double.ts";
import { until } from "../until.ts";
import { aiErrorOf, double, shortLimits } from "./ask.ts";

const limits: AiLimits = { ...shortLimits, catalogueTimeoutMs: 5_000 };

function catalogueOf(
  ai: AiDouble,
  { aliases = {}, ...bounds }: Partial<AiLimits> & { aliases?: Record<string, string> } = {},
) {
  const reports: unknown[] = [];
  const all = { ...limits, ...bounds };
  const provider = providerOf("custom", { baseUrl: ai.baseUrl });
  const models = modelCatalogue(
    { load: () => listModels(provider, all), configured: ["configured"], aliases: new Map(Object.entries(aliases)) },
    all,
    (_, error) => void reports.push(error),
  );
  return { ...models, reports };
}

test("the models are those that chat, as the provider lists them", async () => {
  const ai = await double({
    models: ["gpt-5", "text-embedding-3-large", "whisper-1", "models/gemini-3-flash", "gpt-5"],
  });
  const ids = (await catalogueOf(ai).list()).map(({ id }) => id);
  expect(ids).toEqual(["gpt-5", "gemini-3-flash"]);
});

test("GitHub's catalogue is a bare array that tells how much a model reads", async () => {
  const ai = await double({ models: ["openai/gpt-4o"], lists: "github" });
  const github = await listModels(providerOf("github", { baseUrl: ai.githubBaseUrl }), limits);
  expect(github).toEqual([{ id: "openai/gpt-4o", chats: true, contextTokensMax: 131_072, readsImages: true }]);
});

test("Anthropic's list is asked for with its own header", async () => {
  const ai = await double();
  await listModels(providerOf("anthropic", { baseUrl: ai.baseUrl, apiKey: new Secret("k") }), limits);
  expect(ai.catalogueRequests[0]?.headers).toMatchObject({ "x-api-key": "k", "anthropic-version": "2023-06-01" });
  expect(ai.catalogueRequests[0]?.url).toBe("/v1/models?limit=1000");
});

test("a list is asked for once and kept, then refreshed behind the asker's back", async () => {
  const ai = await double({ models: ["a-model"] });
  const models = catalogueOf(ai, { catalogueMs: 30 });
  await Promise.all([models.list(), models.list(), models.resolve("x")]);
  expect(ai.catalogueRequests).toHaveLength(1);
  ai.models = ["b-model"];
  await until(async () => (await models.list())[0]?.id === "b-model");
});

test("a provider that is away costs nothing but its list", async () => {
  const ai = await double({ models: ["a-model"] });
  const models = catalogueOf(ai, { catalogueMs: 1, catalogueRetryMs: 1 });
  expect(await models.list()).toEqual([{ id: "a-model" }]);
  ai.catalogueFault = { status: 500, body: {} };
  await until(async () => {
    expect(await models.list()).toEqual([{ id: "a-model" }]);
    return ai.catalogueRequests.length > 4;
  });
  expect(models.reports).toHaveLength(1);
});

test.each([
  ["fails", { status: 503, body: "<html>" }],
  ["hangs", "hang"],
  ["sends no list", { status: 200, body: { object: "page" } }],
  ["sends no JSON", { status: 200, body: "<html>" }],
] as const)(
  "while the provider %s, the configured models stand and names are taken at their word",
  async (_, fault) => {
    const ai = await double();
    ai.catalogueFault = fault;
    const timeout = fault === "hang" ? { catalogueTimeoutMs: 1_000 } : {};
    const models = catalogueOf(ai, { aliases: { fast: "gpt-5-mini" }, ...timeout });
    expect(await models.list()).toEqual([{ id: "configured" }]);
    expect(await models.resolve("anything")).toEqual({ kind: "unverified", model: "anything" });
    expect(await models.resolve("FAST")).toEqual({ kind: "replaced", model: "gpt-5-mini", name: "FAST" });
    expect(ai.catalogueRequests).toHaveLength(1);
    expect(aiErrorOf({ text: "", error: models.reports[0] }).retryable).toBeDefined();
  },
);

test("a list of thousands is cut", async () => {
  const ai = await double({ models: Array.from({ length: 50 }, (_, index) => `m-${index}`) });
  expect(await catalogueOf(ai, { catalogueModelsMax: 10 }).list()).toHaveLength(10);
});

const listed = [
  "gpt-5",
  "gpt-5.2",
  "gpt-5.2-mini",
  "gpt-4.1",
  "gpt-5.2-2026-01-01",
  "anthropic/claude-opus-4-5-20250929",
  "anthropic/claude-opus-4-20250514",
  "claude-sonnet-5",
  "claude-haiku-4-5",
  "gemini-3.8-flash",
  "gemini-2.5-flash",
  "gemini-3-pro",
  "llama3.2:latest",
  "text-embedding-3",
];
test.each([
  ["gpt-5", { kind: "exists", model: "gpt-5" }],
  [" GPT-5 ", { kind: "exists", model: "gpt-5" }],
  ["openai/gpt-5", { kind: "exists", model: "gpt-5" }],
  ["claude-opus-4-5-20250929", { kind: "exists", model: "anthropic/claude-opus-4-5-20250929" }],
  ["llama3.2", { kind: "exists", model: "llama3.2:latest" }],
  ["anthropic/claude-opus-4", { kind: "exists", model: "anthropic/claude-opus-4-20250514" }],
  ["text-embedding-3", { kind: "exists", model: "text-embedding-3" }],
  ["gpt-4", { kind: "replaced", model: "gpt-5.2", name: "gpt-4" }],
  ["openai/gpt-4-turbo", { kind: "replaced", model: "gpt-5.2", name: "openai/gpt-4-turbo" }],
  ["gpt-4o", { kind: "replaced", model: "gpt-5.2", name: "gpt-4o" }],
  ["gpt-4.1", { kind: "exists", model: "gpt-4.1" }],
  ["gpt-4o-mini", { kind: "replaced", model: "gpt-5.2-mini", name: "gpt-4o-mini" }],
  ["gpt-3.5-turbo", { kind: "replaced", model: "gpt-5.2-mini", name: "gpt-3.5-turbo" }],
  ["claude-3-opus", { kind: "replaced", model: "anthropic/claude-opus-4-5-20250929", name: "claude-3-opus" }],
  ["claude-3-5-sonnet-20241022", { kind: "replaced", model: "claude-sonnet-5", name: "claude-3-5-sonnet-20241022" }],
  ["claude-3-sonnet", { kind: "replaced", model: "claude-sonnet-5", name: "claude-3-sonnet" }],
  ["claude-3-haiku", { kind: "replaced", model: "claude-haiku-4-5", name: "claude-3-haiku" }],
  ["claude-2", { kind: "replaced", model: "claude-sonnet-5", name: "claude-2" }],
  ["gemini-1.5-flash-002", { kind: "replaced", model: "gemini-3.8-flash", name: "gemini-1.5-flash-002" }],
  ["gemini-1.5-pro", { kind: "replaced", model: "gemini-3-pro", name: "gemini-1.5-pro" }],
  ["house", { kind: "replaced", model: "claude-sonnet-5", name: "house" }],
  ["gpt-5.2", { kind: "replaced", model: "gpt-5", name: "gpt-5.2" }],
  ["dangling", { kind: "replaced", model: "not-listed", name: "dangling" }],
  ["gpt5", { kind: "unknown", nearest: ["gpt-5", "gpt-5.2", "gpt-4.1"] }],
  ["sonnet", { kind: "unknown", nearest: ["claude-sonnet-5", expect.any(String), expect.any(String)] }],
])("the name %j means %o", async (name, meaning) => {
  const ai = await double({ models: listed });
  const aliases = { House: "claude-sonnet-5", "gpt-5.2": "gpt-5", dangling: "not-listed" };
  expect(await catalogueOf(ai, { aliases }).resolve(name)).toEqual(meaning);
});

test("a retired name whose family is not listed has no successor", async () => {
  const ai = await double({ models: ["qwen3", "phi4"] });
  expect(await catalogueOf(ai).resolve("gpt-4")).toEqual({
    kind: "unknown",
    nearest: expect.arrayContaining(["phi4", "qwen3"]),
  });
});

test("the newest version wins, a plain name before a dated one", () => {
  const pick = (wanted: string, ...ids: string[]) => pickModel([wanted], ids);
  expect(pick("gpt-#", "gpt-5-2025-08-07", "gpt-5.10", "gpt-5.2", "gpt-4", "gpt-5.10-2026-01-01")).toBe("gpt-5.10");
  expect(pick("gpt-#", "gpt-5-mini", "gpt-4o")).toBeUndefined();
  expect(pick("claude-opus-#", "claude-opus-4-20250514", "claude-opus-4-5-20250929")).toBe("claude-opus-4-5-20250929");
  expect(pick("claude-opus-#", "anthropic/claude-opus-4.5", "anthropic/claude-opus-4")).toBe(
    "anthropic/claude-opus-4.5",
  );
  expect(pick("gemini-#-flash", "gemini-3.8-flash", "gemini-3.8-flash-lite", "gemini-10-flash")).toBe(
    "gemini-10-flash",
  );
});
