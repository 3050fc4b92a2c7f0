import { expect, test } from "vitest";
import { chooseTranscription } from "../../src/ai/choose-transcription.ts";
import type { AiSettings } from "../../src/ai/ai-settings.ts";
import { transcriber } from "../../src/ai/transcriber.ts";
import type { AiError, AiFailure } from "../../src/conversation/domain/errors.ts";
import type { Sound } from "../../src/conversation/ports/transcriber.ts";
import { Secret } from "../../src/secret.ts";
import type { AiDouble } from "../doubles/ai-double.ts";
import { double, key, shortLimits } from "./ask.ts";

const voice: Sound = { name: "voice.oga", mimeType: "audio/ogg", bytes: Buffer.from("OggS and so on") };
const signal = new AbortController().signal;

function listening(ai: AiDouble, limits = shortLimits) {
  const server = chooseTranscription({ transcription: { baseUrl: ai.baseUrl, apiKey: new Secret(key) } });
  if (!server) throw new Error("nobody listens");
  return transcriber(server, limits);
}

async function failureOf(call: Promise<unknown>): Promise<AiError> {
  return await call.then(
    () => Promise.reject(new Error("it did not fail")),
    (error: unknown) => error as AiError,
  );
}

test("speech is put into words, and the server gets a file that it knows", async () => {
  const ai = await double({ key });
  ai.transcript = ({ bytes }) => `I heard: ${bytes.toString()}`;
  expect(await listening(ai).transcribe(voice, signal)).toBe("I heard: OggS and so on");
  expect(ai.recordings).toMatchObject([{ model: "whisper-1", fileName: "sound.ogg", type: "audio/ogg" }]);
  expect(ai.unknownRequests).toEqual([]);
});

test.each([
  ["audio/mpeg", "ID3", "sound.mp3"],
  ["audio/mp4", "0000ftypM4A", "sound.m4a"],
  ["audio/x-wav", "RIFF0000WAVE", "sound.wav"],
  ["audio/webm", "\x1a\x45\xdf\xa3", "sound.webm"],
  ["audio/flac", "fLaC", "sound.flac"],
])("%s goes by a name that servers know", async (mimeType, start, fileName) => {
  const ai = await double();
  await listening(ai).transcribe({ name: "song", mimeType, bytes: Buffer.from(start, "latin1") }, signal);
  expect(ai.recordings[0]?.fileName).toBe(fileName);
});

test.each<[AiFailure, { status: number; body: unknown }]>([
  ["unavailable", { status: 503, body: { error: { message: "overloaded" } } }],
  ["rate_limited", { status: 429, body: { error: { message: "slow down", code: "rate_limit_exceeded" } } }],
  ["unauthorized", { status: 401, body: { error: { message: "Incorrect API key provided" } } }],
  ["broken", { status: 200, body: "<html>" }],
  ["broken", { status: 200, body: { words: "none" } }],
])("what fails there is an AiError: %s", async (kind, fault) => {
  const ai = await double();
  ai.transcriptionFault = fault;
  expect((await failureOf(listening(ai).transcribe(voice, signal))).kind).toBe(kind);
});

test("a server that does not answer is given up, at once when I stop it", async () => {
  const ai = await double();
  ai.transcriptionFault = "hang";
  const slow = listening(ai, { ...shortLimits, transcriptionMs: 50 });
  expect((await failureOf(slow.transcribe(voice, signal))).kind).toBe("timeout");
  const stopped = AbortSignal.timeout(20);
  expect(await failureOf(listening(ai).transcribe(voice, stopped))).toBe(stopped.reason);
});

const secret = new Secret(key);
test.each<[string, AiSettings, object | undefined]>([
  ["nothing is configured", {}, undefined],
  [
    "an address is given",
    { transcription: { baseUrl: "http://ear:9000/v1/" } },
    { baseUrl: "http://ear:9000/v1", model: "whisper-1" },
  ],
  ["OpenAI answers", { keys: { openai: secret } }, { preset: "openai", model: "whisper-1" }],
  ["Groq answers", { keys: { groq: secret } }, { preset: "groq", model: "whisper-large-v3-turbo" }],
  [
    "Groq answers, and OpenAI's key is set too",
    { provider: "groq", keys: { openai: secret, groq: secret } },
    { preset: "groq" },
  ],
  [
    "Anthropic answers, and OpenAI's key is set too",
    { provider: "anthropic", keys: { openai: secret, anthropic: secret } },
    { preset: "openai", baseUrl: "https://api.openai.com/v1" },
  ],
  ["Anthropic answers alone", { keys: { anthropic: secret } }, undefined],
  [
    "a model is named",
    { keys: { openai: secret }, transcription: { model: "gpt-4o-transcribe" } },
    { model: "gpt-4o-transcribe" },
  ],
  ["it is off", { keys: { openai: secret }, transcription: { model: "off" } }, undefined],
])("who listens when %s", (_, settings, server) => {
  const chosen = chooseTranscription(settings);
  if (server === undefined) expect(chosen).toBeUndefined();
  else expect(chosen).toMatchObject(server);
});
