import { globalAgent } from "node:http";
import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { providerOf } from "../../src/ai/choose-provider.ts";
import { githubRetired } from "../../src/ai/presets.ts";
import { providerClient } from "../../src/ai/provider-client.ts";
import type { AiFailure } from "../../src/conversation/domain/errors.ts";
import { Secret } from "../../src/secret.ts";
import type { AiDouble } from "../doubles/ai-double.ts";
import { providerErrors, type AiFault, type AiNoise } from "../doubles/ai-faults.ts";
import { until } from "../until.ts";
import { aiErrorOf, ask, clientOf, double, hastyLimits, key, promptOf, shortLimits } from "./ask.ts";

test("an answer streams in, then comes its one end with the model and the tokens", async () => {
  const ai = await double({ key });
  const outcome = await ask(clientOf(ai), promptOf("hello there"));
  expect(outcome.text).toBe("You said: hello there");
  expect(outcome.end).toEqual({
    end: "complete",
    model: "test-model",
    usage: { promptTokens: 6, completionTokens: 6 },
  });
  expect(ai.requests[0]?.body).toMatchObject({
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: 100,
  });
  expect(ai.unknownRequests).toEqual([]);
});

test("the words appear while the model still writes", async () => {
  const ai = await double();
  ai.hold();
  const chunks = clientOf(ai).stream(promptOf("a b"), new AbortController().signal)[Symbol.asyncIterator]();
  const first = chunks.next();
  await until(() => ai.running === 1);
  ai.release(1);
  expect((await first).value).toEqual({ text: "You" });
  ai.release();
  expect((await chunks.next()).value).toMatchObject({ text: expect.stringContaining("said") });
  await chunks.return?.();
});

const reasons: readonly [string, string][] = [
  ["stop", "complete"],
  ["length", "length"],
  ["content_filter", "filtered"],
  ["eos", "complete"],
  ["model_length", "length"],
];
test.each(reasons)("the finish reason %s ends an answer as %s", async (reason, end) => {
  const ai = await double();
  ai.finishReason = reason;
  expect((await ask(clientOf(ai))).end?.end).toBe(end);
});

const noises: readonly AiNoise[] = [
  "comments",
  "empty-choices",
  "null-content",
  "reasoning-content",
  "reasoning",
  "think-tags",
  "thinking-parts",
  "split-bytes",
  "crlf",
];
test.each([...noises.map((noise) => [noise]), [...noises]])("nobody sees anything of %s", async (...noise) => {
  const ai = await double({ noise, answer: () => "Grüße 👋🏽 an  alle\n\n日本" });
  const outcome = await ask(clientOf(ai));
  expect(outcome).toMatchObject({ text: "Grüße 👋🏽 an  alle\n\n日本", end: { end: "complete", usage: {} } });
});

type Case = readonly [name: string, fault: AiFault, kind: AiFailure, shown: string];
const half = "You said: one";
const streamFaults: readonly Case[] = [
  ["is a web page with 200", "html", "broken", ""],
  ["is an error with 200", "json-error", "unavailable", ""],
  ["is reset before its headers", "reset", "unavailable", ""],
  ["is cut before the first token", "cut-before-token", "unavailable", ""],
  ["never begins", "hang", "timeout", ""],
  ["has headers and no token", "hang-before-token", "timeout", ""],
  ["is kept alive by comments only", "only-comments", "timeout", ""],
  ["stalls", "stall", "timeout", half],
  ["is cut", "cut", "unavailable", half],
  ["ends without a reason", "no-end", "broken", half],
  ["says [DONE] without a reason", "no-finish", "broken", "You said: one two three four"],
  ["holds an event that is not JSON", "malformed", "broken", half],
  ["holds an event without end", "endless-line", "broken", half],
  ["is empty", "empty", "broken", ""],
  [
    "breaks off with OpenAI's error",
    { event: { error: { message: "boom", type: "server_error" } } },
    "unavailable",
    half,
  ],
  ["breaks off with Ollama's error", { event: { error: "llama runner process has terminated" } }, "broken", half],
  [
    "breaks off with vLLM's error",
    { event: { object: "error", message: "engine dead", code: 500 } },
    "unavailable",
    half,
  ],
  [
    "breaks off with OpenRouter's error",
    { event: { error: { code: 429, message: "slow" }, choices: [] } },
    "rate_limited",
    half,
  ],
  [
    "breaks off with OpenRouter's finish reason",
    { event: { choices: [{ delta: {}, finish_reason: "error" }] } },
    "broken",
    half,
  ],
];
test.each(streamFaults)("an answer that %s is a failure", async (_, fault, kind, shown) => {
  const ai = await double();
  ai.tokenMs = 1;
  ai.failNext(1, fault);
  const outcome = await ask(clientOf(ai, kind === "timeout" ? hastyLimits : shortLimits));
  expect(aiErrorOf(outcome).kind).toBe(kind);
  expect(outcome.text).toBe(shown);
  await until(() => ai.running === 0, "the connection to be closed");
});

test.each(["no-done", "open-end"] as const)(
  "an answer with its finish reason is whole, even if it is %s",
  async (fault) => {
    const ai = await double();
    ai.failNext(1, fault);
    const outcome = await ask(clientOf(ai, { ...shortLimits, afterEndMs: 60 }));
    expect(outcome).toMatchObject({ text: "You said: one two three four", end: { end: "complete" } });
  },
);

test("an answer that is filtered whole is a refusal; one that only thought until its limit asks for more tokens", async () => {
  const ai = await double({ answer: () => "" });
  ai.finishReason = "content_filter";
  expect(aiErrorOf(await ask(clientOf(ai))).kind).toBe("refused");
  ai.finishReason = "length";
  expect(aiErrorOf(await ask(clientOf(ai)))).toMatchObject({
    kind: "bad_request",
    message: expect.stringContaining("REPLY_TOKENS"),
  });
});

test("nothing listens, or nobody takes the connection: the operator reads which", async () => {
  const gone = await double();
  await gone.stop();
  const refused = aiErrorOf(await ask(clientOf(gone)));
  expect(refused).toMatchObject({ kind: "unavailable", retryable: true });
  expect(refused.message).toContain("ECONNREFUSED");

  // A TLS server that never answers the greeting: connected, but not to be talked to.
  const silent = createServer();
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void silent.close());
  const address = silent.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const client = providerClient(providerOf("custom", { baseUrl: `https://127.0.0.1:${port}/v1` }), {
    ...shortLimits,
    connectMs: 50,
    firstTokenSlowMs: 5_000,
  });
  expect(aiErrorOf(await ask(client))).toMatchObject({
    kind: "timeout",
    message: expect.stringContaining("no connection within 0.05 s"),
  });
});

test("an answer that goes on for ever ends at the total limit", async () => {
  const ai = await double({ answer: () => "word ".repeat(1_000), tokenMs: 5 });
  const error = aiErrorOf(await ask(clientOf(ai, { ...shortLimits, totalMs: 100 })));
  expect(error).toMatchObject({ kind: "timeout", message: expect.stringContaining("no end within 0.1 s") });
});

test("a reader who takes his time does not make the model look idle", async () => {
  const ai = await double({ tokenMs: 20 });
  let text = "";
  for await (const chunk of clientOf(ai, { ...shortLimits, idleMs: 500 }).stream(
    promptOf("hi"),
    new AbortController().signal,
  )) {
    if ("text" in chunk) text += chunk.text;
    await new Promise((resolve) => setTimeout(resolve, 600));
  }
  expect(text).toBe("You said: hi");
});

test("an endless answer is cut and says so", async () => {
  const ai = await double({ answer: () => "word ".repeat(1_000) });
  const outcome = await ask(clientOf(ai, { ...shortLimits, answerCharsMax: 200 }));
  expect(outcome.end?.end).toBe("length");
});

test("an abort rejects at once with its reason and closes the connection", async () => {
  for (const fault of ["hang", "hang-before-token", "stall"] as const) {
    const ai = await double();
    ai.failNext(1, fault);
    const controller = new AbortController();
    const asked = ask(clientOf(ai), undefined, controller.signal);
    await until(() => ai.running === 1);
    controller.abort("stopped");
    expect((await asked).error).toBe("stopped");
    await until(() => ai.aborted.length === 1, "the server to see it");
  }
});

test("a reader who leaves closes the connection too", async () => {
  const ai = await double({ tokenMs: 10 });
  for await (const _ of clientOf(ai).stream(promptOf("one two three"), new AbortController().signal)) break;
  await until(() => ai.aborted.length === 1);
});

test("connections are used again for the next answer", async () => {
  const ai = await double();
  const client = clientOf(ai);
  for (let index = 0; index < 5; index++)
    for await (const chunk of client.stream(promptOf("hi"), new AbortController().signal)) if ("end" in chunk) break;
  expect(ai.connections).toBeLessThanOrEqual(2);
});

test("a connection that the server gave up just before it was used again costs nothing", async () => {
  const ai = await double();
  const client = clientOf(ai);
  await ask(client);
  await until(() => Object.keys(globalAgent.freeSockets).some((name) => name.includes(String(ai.port))));
  ai.failNext(1, "reset");
  expect((await ask(client)).end?.end).toBe("complete");
  expect(ai.requestCount).toBe(3);
});

test("a server that refuses a field is asked in the other dialect, and so from then on", async () => {
  const ai = await double({ refusedFields: ["stream_options", "max_tokens"] });
  const client = clientOf(ai);
  expect((await ask(client)).end?.end).toBe("complete");
  expect(ai.requests.at(-1)?.body).toMatchObject({ max_completion_tokens: 100 });
  expect(ai.unknownRequests).toHaveLength(2);
  await ask(client);
  expect(ai.unknownRequests).toHaveLength(2);
});

test("Mistral is never sent a field it does not know", async () => {
  const ai = await double({ refusedFields: ["stream_options", "max_completion_tokens"] });
  const client = providerClient(providerOf("mistral", { baseUrl: ai.baseUrl }), shortLimits);
  expect((await ask(client)).end?.end).toBe("complete");
  expect(ai.unknownRequests).toEqual([]);
});

test("Azure is given its key in its own header", async () => {
  const ai = await double({ key });
  const client = providerClient(providerOf("azure", { baseUrl: ai.baseUrl, apiKey: new Secret(key) }), shortLimits);
  expect((await ask(client)).end?.end).toBe("complete");
  expect(ai.requests[0]?.headers).not.toHaveProperty("authorization");
});

test("GitHub Models speaks its protocol at a base of one's own, and is one clear sentence without", async () => {
  const ai = await double({ models: ["openai/gpt-4o"] });
  const github = providerClient(providerOf("github", { baseUrl: ai.githubBaseUrl }), shortLimits);
  expect((await ask(github, promptOf("hi", "openai/gpt-4o"))).text).toBe("You said: hi");
  expect(ai.requests[0]?.path).toBe("/inference/chat/completions");

  ai.failNext(1, providerErrors.githubRetired);
  expect(aiErrorOf(await ask(github, promptOf("hi", "openai/gpt-4o")))).toMatchObject({
    kind: "retired",
    message: githubRetired,
  });
  const none = providerClient(providerOf("github", {}), shortLimits);
  expect(aiErrorOf(await ask(none))).toMatchObject({ kind: "retired", message: githubRetired, retryable: false });
});

test("a redirect is not followed: the key stays here", async () => {
  const ai = await double();
  const other: AiDouble = await double();
  ai.failNext(1, { status: 307, headers: { location: `${other.baseUrl}/chat/completions` } });
  expect(aiErrorOf(await ask(clientOf(ai))).kind).toBe("bad_request");
  expect(other.requestCount).toBe(0);
});

test("no error shows the key, wherever the server repeats it", async () => {
  const ai = await double();
  const said = `Incorrect API key provided: ${key}. Authorization: Bearer ${key}`;
  const faults: readonly AiFault[] = [
    { status: 401, body: { error: { message: said } } },
    { status: 500, headers: { "content-type": "text/html" }, body: `<p>${said}</p>` },
    { event: { error: { message: said } }, afterTokens: 0 },
    providerErrors.openaiUnauthorized,
  ];
  for (const fault of faults) {
    ai.failNext(1, fault);
    const error = aiErrorOf(await ask(clientOf(ai)));
    expect(`${error.message} ${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`).not.toMatch(
      /sk-(test|proj)/,
    );
  }
});
