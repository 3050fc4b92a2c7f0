import type { Secret } from "../secret.ts";
import type { PresetName } from "./presets.ts";

/** What the operator configured for the AI. */
export type AiSettings = {
  /** AI_PROVIDER */
  readonly provider?: PresetName | undefined;
  /** AI_BASE_URL */
  readonly baseUrl?: string | undefined;
  /** AI_API_KEY: for `baseUrl` or `provider`. */
  readonly apiKey?: Secret | undefined;
  /** OPENAI_API_KEY and its like, and GITHUB_TOKEN, by preset. */
  readonly keys?: { readonly [P in PresetName]?: Secret | undefined };
  /** DEFAULT_MODEL */
  readonly defaultModel?: string | undefined;
  /** AI_FALLBACK_MODELS: names at the same provider, or "preset:name" at another whose key is set. */
  readonly fallbackModels?: readonly string[] | undefined;
  /** MODEL_ALIASES */
  readonly aliases?: ReadonlyMap<string, string> | undefined;
  /** TRANSCRIPTION_BASE_URL, TRANSCRIPTION_API_KEY, TRANSCRIPTION_MODEL: who listens to voice messages. */
  readonly transcription?: {
    readonly baseUrl?: string | undefined;
    readonly apiKey?: Secret | undefined;
    /** "off": nobody. */
    readonly model?: string | undefined;
  };
  /** AI_FIRST_TOKEN_TIMEOUT_SECONDS; undefined: 30 s, and 60 s for local servers and models that think. */
  readonly firstTokenMs?: number | undefined;
};
