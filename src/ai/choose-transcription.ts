import type { AiSettings } from "./ai-settings.ts";
import { chooseProvider, providerOf } from "./choose-provider.ts";
import type { PresetName } from "./presets.ts";
import type { TranscriptionServer } from "./transcriber.ts";

/** Who puts speech into words where only their key is known, best first. */
const hearers: readonly (readonly [preset: PresetName, model: string])[] = [
  ["openai", "whisper-1"],
  ["groq", "whisper-large-v3-turbo"],
  ["mistral", "voxtral-mini-latest"],
];

/**
 * Where speech is put into words: TRANSCRIPTION_BASE_URL; else the provider that answers, if it can listen; else one that can and
 * whose key is set. Undefined: nobody, or TRANSCRIPTION_MODEL=off.
 */
export function chooseTranscription(settings: AiSettings): TranscriptionServer | undefined {
  const { transcription = {} } = settings;
  if (transcription.model === "off") return undefined;
  if (transcription.baseUrl)
    return {
      ...providerOf("custom", { baseUrl: transcription.baseUrl, apiKey: transcription.apiKey }),
      label: "the transcription server",
      model: transcription.model ?? "whisper-1",
    };

  const { provider } = chooseProvider(settings);
  const answering = provider === "demo" ? undefined : provider;
  const own = hearers.find(([preset]) => preset === answering?.preset);
  if (own && answering) return { ...answering, model: transcription.model ?? own[1] };
  const other = hearers.find(([preset]) => settings.keys?.[preset]);
  return other && { ...providerOf(other[0], { keys: settings.keys ?? {} }), model: transcription.model ?? other[1] };
}
