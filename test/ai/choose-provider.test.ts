import { expect, test } from "vitest";
import type { AiSettings } from "../../src/ai/ai-settings.ts";
import { chooseProvider } from "../../src/ai/choose-provider.ts";
import type { PresetName } from "../../src/ai/presets.ts";
import { Secret } from "../../src/secret.ts";

const secret = new Secret("k");
const keys = (...names: PresetName[]) => ({
  keys: Object.fromEntries(names.map((name) => [name, secret])),
});

function chosen(settings: AiSettings) {
  const { provider, because, notes } = chooseProvider(settings);
  if (provider === "demo") return { preset: "demo", because, notes };
  return { preset: provider.preset, baseUrl: provider.baseUrl, because, notes, local: provider.local };
}

test.each<[string, AiSettings, object]>([
  ["nothing is configured", {}, { preset: "demo", because: "because no AI is configured" }],
  [
    "a key is set",
    keys("openai"),
    { preset: "openai", baseUrl: "https://api.openai.com/v1", because: "because OPENAI_API_KEY is set", notes: [] },
  ],
  [
    "a provider is named",
    { provider: "groq", apiKey: secret },
    { preset: "groq", because: "because AI_PROVIDER=groq" },
  ],
  ["the named provider's own key is set", { provider: "mistral", ...keys("mistral", "openai") }, { preset: "mistral" }],
  [
    "a local provider is named",
    { provider: "ollama" },
    { preset: "ollama", local: true, baseUrl: "http://127.0.0.1:11434/v1" },
  ],
  [
    "a base is set",
    { baseUrl: "https://ai.example.com/v1/" },
    { preset: "custom", baseUrl: "https://ai.example.com/v1", local: false },
  ],
  ["a base in the local network is set", { baseUrl: "http://192.168.1.5:8000/v1" }, { preset: "custom", local: true }],
  ["a base in the compose network is set", { baseUrl: "http://vllm:8000/v1" }, { preset: "custom", local: true }],
  [
    "the whole address is pasted",
    { baseUrl: "https://ai.example.com/v1/chat/completions" },
    { baseUrl: "https://ai.example.com/v1" },
  ],
  ["a base and a key are set", { baseUrl: "https://ai.example.com/v1", apiKey: secret }, { preset: "custom" }],
  ["the base is a preset's", { baseUrl: "http://localhost:11434/v1", ...keys("openai") }, { preset: "ollama" }],
  [
    "the base is Azure's",
    { baseUrl: "https://acme.openai.azure.com/openai/v1", ...keys("azure") },
    { preset: "azure" },
  ],
  [
    "a base overrides the keyed preset's",
    { baseUrl: "https://proxy.example.com/v1", ...keys("openai") },
    {
      preset: "openai",
      baseUrl: "https://proxy.example.com/v1",
      because: "because OPENAI_API_KEY is set, at AI_BASE_URL",
    },
  ],
  ["only AI_API_KEY is set, and speaks for itself", { apiKey: new Secret("sk-ant-api03-x") }, { preset: "anthropic" }],
  ["only AI_API_KEY is set, of OpenAI", { apiKey: new Secret("sk-proj-x") }, { preset: "openai" }],
  ["GitHub's token is set beside another key", keys("github", "google"), { preset: "google", notes: [] }],
  [
    "GitHub's token and a base are set",
    { baseUrl: "https://models.example.com/inference", ...keys("github") },
    { preset: "github", baseUrl: "https://models.example.com/inference", notes: [] },
  ],
  ["the demo is asked for", { provider: "demo", ...keys("openai") }, { preset: "demo" }],
])("when %s", (_, settings, expected) => {
  expect(chosen(settings)).toMatchObject(expected);
});

test("the operator is told what is ignored", () => {
  expect(chosen(keys("openai", "anthropic"))).toMatchObject({
    preset: "openai",
    notes: ["ANTHROPIC_API_KEY is set too; OpenAI answers. AI_PROVIDER chooses another."],
  });
  expect(chosen({ provider: "openai", apiKey: secret, ...keys("openai") }).notes).toEqual([
    "AI_API_KEY and OPENAI_API_KEY are both set; AI_API_KEY is used.",
  ]);
});

test("GitHub Models without a base starts, and says that it is retired", () => {
  const choice = chooseProvider(keys("github"));
  expect(choice.notes[0]).toContain("retired on 2026-07-30");
  expect(choice.provider).toMatchObject({ preset: "github", retired: expect.stringContaining("AI_BASE_URL") });
});

test.each<[string, AiSettings, RegExp]>([
  ["Azure without its address", keys("azure"), /azure needs AI_BASE_URL, such as https:\/\/NAME\.openai\.azure\.com/],
  ["a server of one's own without its address", { provider: "custom" }, /custom needs AI_BASE_URL/],
  ["a provider without a key", { provider: "openai" }, /Set OPENAI_API_KEY, or AI_API_KEY/],
  ["a key that is nobody's", { apiKey: new Secret("abc") }, /Set AI_PROVIDER or AI_BASE_URL too/],
])("%s cannot start, and the error says what to set", (_, settings, remedy) => {
  expect(() => chooseProvider(settings)).toThrow(remedy);
});

test("a key never goes to another provider", () => {
  const { provider } = chooseProvider({ baseUrl: "https://api.groq.com/openai/v1", ...keys("openai") });
  expect(provider).toMatchObject({ preset: "groq" });
  expect(provider).not.toHaveProperty("key");
});
