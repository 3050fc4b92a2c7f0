import { expect, test } from "vitest";
import { listModels } from "../../src/ai/list-models.ts";
import { providerOf } from "../../src/ai/choose-provider.ts";
import { readsImages } from "../../src/ai/reads-images.ts";
import type { Prompt } from "../../src/conversation/ports/ai-client.ts";
import { aiErrorOf, ask, clientOf, double, promptOf, shortLimits } from "./ask.ts";

const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]);

function showing(text: string, bytes: Buffer = png): Prompt {
  const { messages, ...prompt } = promptOf(text);
  const images = [{ mimeType: "image/png", base64: bytes.toString("base64") }];
  return { ...prompt, messages: messages.map((one) => (one.role === "user" ? { ...one, images } : one)) };
}

test("a picture goes with the message that it came with, and plain messages stay plain", async () => {
  const ai = await double();
  const outcome = await ask(clientOf(ai), showing("what is it?"));
  expect(outcome).toMatchObject({ text: "You said: what is it?", end: { end: "complete" } });
  expect(outcome.end).not.toHaveProperty("imagesRefused");
  expect(ai.requests[0]?.body.messages).toEqual([
    { role: "system", content: "Be brief." },
    { role: "user", content: "what is it?", images: [{ mimeType: "image/png", bytes: png.length }] },
  ]);
  expect(ai.unknownRequests).toEqual([]);
});

test("a model that refuses pictures is asked without them, is said to have, and is not shown any for a while", async () => {
  const ai = await double({ blindModels: ["test-model"] });
  const client = clientOf(ai);
  for (const text of ["one", "two"])
    expect(await ask(client, showing(text))).toMatchObject({ text: `You said: ${text}`, end: { imagesRefused: true } });
  expect(ai.unknownRequests).toHaveLength(1);
  expect(ai.requests).toHaveLength(2);
  expect((await ask(client, promptOf("three"))).end).not.toHaveProperty("imagesRefused");
});

test("a picture that is none is left out, and the next one is shown again", async () => {
  const ai = await double();
  const client = clientOf(ai);
  expect((await ask(client, showing("one", Buffer.from("no picture")))).end).toMatchObject({ imagesRefused: true });
  expect((await ask(client, showing("two"))).end).not.toHaveProperty("imagesRefused");
});

test.each([
  ["OpenAI", 400, "Invalid content type. image_url is only supported by certain models."],
  ["OpenRouter", 404, "No endpoints found that support image input"],
  ["vLLM", 400, "test-model is not a multimodal model"],
  ["llama.cpp", 500, "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj"],
  ["DeepSeek", 422, "Failed to deserialize the JSON body: messages[0]: unknown variant `image_url`, expected `text`"],
  [
    "Groq",
    400,
    "'messages.1' : for 'role:user' the following must be satisfied[('messages.1.content' : content must be a string)]",
  ],
])("so it is when %s refuses them with %i: %s", async (_, status, message) => {
  const ai = await double();
  ai.failNext(1, { status, body: { error: { message } } });
  expect((await ask(clientOf(ai), showing("hi"))).end).toMatchObject({ imagesRefused: true });
});

test("pictures that are too heavy for the server are left out", async () => {
  const ai = await double();
  ai.failNext(1, { status: 413, body: { error: { message: "Request Entity Too Large" } } });
  const heavy = Buffer.concat([png, Buffer.alloc(1_000_000)]);
  expect((await ask(clientOf(ai), showing("hi", heavy))).end).toMatchObject({ imagesRefused: true });
});

test("a refusal that is not about the pictures is told as it is", async () => {
  const ai = await double();
  ai.failNext(1, { status: 400, body: { error: { message: "Jinja template failed" } } });
  expect(aiErrorOf(await ask(clientOf(ai), showing("hi"))).kind).toBe("bad_request");
  ai.failNext(1, { status: 503, body: { error: { message: "llama-3.2-vision is overloaded by images" } } });
  expect(aiErrorOf(await ask(clientOf(ai), showing("hi"))).kind).toBe("unavailable");
  ai.failNext(1, { status: 429, body: { error: { message: "Rate limit reached for images" } } });
  expect(aiErrorOf(await ask(clientOf(ai), showing("hi"))).kind).toBe("rate_limited");
});

test("the list of models tells which of them see", async () => {
  const ai = await double({ lists: "openrouter", blindModels: ["other-model"] });
  const listed = await listModels(providerOf("custom", { baseUrl: ai.baseUrl }), shortLimits);
  expect(listed.map((model) => [model.id, model.readsImages])).toEqual([
    ["test-model", true],
    ["other-model", false],
  ]);
});

test.each([
  ["OpenRouter and llama.cpp", "x", { architecture: { input_modalities: ["text", "image"] } }, true],
  ["GitHub's catalogue", "gpt-4o", { supported_input_modalities: ["text"] }, false],
  ["Mistral", "x", { capabilities: { completion_chat: true, vision: true } }, true],
  ["Mistral", "mistral-tiny", { capabilities: { completion_chat: true, vision: false } }, false],
  ["Anthropic", "x", { capabilities: { image_input: { supported: true } } }, true],
  ["an older llama.cpp", "x", { capabilities: ["completion", "multimodal"] }, true],
  ["an older llama.cpp", "x", { capabilities: ["completion"] }, false],
  ["the name", "gpt-5.2-mini", {}, true],
  ["the name", "claude-haiku-4-5", {}, true],
  ["the name", "models/gemini-3-flash", {}, true],
  ["the name", "qwen2.5-vl-7b", {}, true],
  ["the name", "llama3.2-vision:11b", {}, true],
  ["the name", "openai/gpt-oss-120b", {}, false],
  ["the name", "gpt-4-0613", {}, false],
  ["the name", "o3-mini", {}, false],
  ["the name", "llama-3.3-70b-versatile", {}, false],
  ["nobody", "my-finetune", {}, undefined],
])("%s tells of %s", (_, id, item, sees) => expect(readsImages(id, item)).toBe(sees));
