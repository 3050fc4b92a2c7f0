import { expect, test } from "vitest";
import { connectAi } from "../../src/ai/connect-ai.ts";
import { demoClient } from "../../src/ai/demo-client.ts";
import { findLocalServers } from "../../src/ai/find-local-servers.ts";
import { providerErrors } from "../doubles/ai-faults.ts";
import { Secret } from "../../src/secret.ts";
import { aiErrorOf, ask, double, key, promptOf, shortLimits } from "./ask.ts";

const silent = () => {};

test("with nothing configured the demo answers, says so, and says how to connect a real model", async () => {
  const ai = connectAi({}, silent);
  expect(ai).toMatchObject({ isDemo: true, description: "The built-in demo answers, because no AI is configured" });
  expect(await ai.defaultModel()).toBe("demo");
  expect(await ai.models.list()).toEqual([{ id: "demo" }]);
  expect(await ai.models.resolve("gpt-4")).toEqual({ kind: "unknown", nearest: ["demo"] });

  const first = await ask(ai.client, promptOf("What is `love`?\n\n# 42", "demo"));
  expect(first.text).toContain("built-in demo");
  expect(first.text).toContain("“What is love? 42”");
  expect(first.text).toMatch(/OPENAI_API_KEY=[\s\S]*AI_BASE_URL=/);
  expect(first.text.match(/```/g)).toHaveLength(2);
  expect(first.end).toMatchObject({ end: "complete", model: "demo" });
});

test("the demo stops when told to, and is the same every time", async () => {
  const controller = new AbortController();
  let text = "";
  const stopped = (async () => {
    for await (const chunk of demoClient(5).stream(promptOf("hi"), controller.signal)) {
      if ("text" in chunk) text += chunk.text;
      if (text.length > 20) controller.abort("stopped");
    }
  })();
  await expect(stopped).rejects.toBe("stopped");
  expect(await ask(demoClient(0))).toEqual(await ask(demoClient(0)));
});

test("a configured server answers with its own models; DEFAULT_MODEL is resolved against them", async () => {
  const server = await double({ key, models: ["gpt-5", "gpt-5-mini"] });
  const settings = { baseUrl: server.baseUrl, apiKey: new Secret(key) };
  const ai = connectAi(settings, silent);
  expect(ai.description).toBe(
    `your AI server (127.0.0.1:${server.port}) answers, because AI_BASE_URL and AI_API_KEY are set`,
  );
  expect(await ai.defaultModel()).toBe("gpt-5");
  expect(await connectAi({ ...settings, defaultModel: "gpt-4" }, silent).defaultModel()).toBe("gpt-5");
  expect(await connectAi({ ...settings, defaultModel: "nonsense" }, silent).defaultModel()).toBe("nonsense");
  expect(await connectAi({ ...settings, provider: "openai" }, silent).defaultModel()).toBe("gpt-5-mini");
  expect((await ask(ai.client, promptOf("hi", "gpt-5"))).text).toBe("You said: hi");
  expect(server.unknownRequests).toEqual([]);
});

test("a provider that is away does not hinder the start", async () => {
  const server = await double();
  await server.stop();
  const ai = connectAi({ baseUrl: server.baseUrl, defaultModel: "gpt-5" }, silent, shortLimits);
  expect(await ai.defaultModel()).toBe("gpt-5");
  expect(await connectAi({ baseUrl: server.baseUrl }, silent, shortLimits).defaultModel()).toBe("default");
  expect(aiErrorOf(await ask(ai.client)).kind).toBe("unavailable");
});

test("fallbacks are models at the same provider, or at another by its preset's name", async () => {
  const server = await double({ models: ["a", "b"] });
  server.failWhile(providerErrors.openaiQuota, ({ body }) => body.model === "a");
  const settings = { provider: "custom", baseUrl: server.baseUrl, aliases: new Map([["second", "b"]]) } as const;
  const ai = connectAi({ ...settings, fallbackModels: ["second"] }, silent);
  expect((await ask(ai.client, promptOf("hi", "a"))).end?.model).toBe("b");

  const both = connectAi({ ...settings, fallbackModels: ["github:b"], keys: { github: new Secret("k") } }, silent);
  expect(aiErrorOf(await ask(both.client, promptOf("hi", "a"))).message).toContain("GitHub Models was retired");
});

test("the demo never stands in for a real model", async () => {
  const server = await double();
  server.failWhile(providerErrors.openaiUnauthorized);
  const ai = connectAi({ baseUrl: server.baseUrl, fallbackModels: ["demo"] }, silent);
  expect(aiErrorOf(await ask(ai.client)).kind).toBe("unauthorized");
});

test("the operator's wait for a first token holds", async () => {
  const server = await double();
  server.failWhile("hang-before-token");
  const ai = connectAi({ baseUrl: server.baseUrl, firstTokenMs: 30 }, silent, shortLimits);
  expect(aiErrorOf(await ask(ai.client)).message).toContain("no first token within 0.03 s");
});

test("local servers that run are found by name, and what is not one is not", async () => {
  const ollama = await double({ models: ["llama3.2"] });
  const other = await double({ lists: "nothing" });
  const gone = await double();
  await gone.stop();
  const ports = { ollama: ollama.port, llamacpp: other.port, lmstudio: gone.port };
  expect(await findLocalServers(5_000, ports)).toEqual([
    { label: "Ollama", baseUrl: ollama.baseUrl, models: ["llama3.2"], setting: `AI_BASE_URL=${ollama.baseUrl}` },
  ]);

  other.catalogueFault = "hang";
  const startedAt = performance.now();
  await findLocalServers(50, ports);
  expect(performance.now() - startedAt).toBeLessThan(4_000);
});
