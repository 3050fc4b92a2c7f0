/** How a family of servers wants to be asked. OpenAI-compatible is a family, not a standard. */
export type Preset = {
  /** How the provider is called, for people. */
  readonly label: string;
  /** Without a slash at the end. Absent: the operator must give one. */
  readonly baseUrl?: string;
  /** The setting that holds its key. Absent: it needs none. */
  readonly keySetting?: string;
  /** How its keys begin, so that an AI_API_KEY alone can say whose it is. */
  readonly keyPrefix?: string;
  readonly authHeader: "authorization" | "api-key";
  /** Sent with the request for the list of models as well, where a bearer token does not do. */
  readonly catalogueKeyHeader?: string;
  /** Where the models are listed: after the base URL, or from the server's root when `catalogueAt` says so. */
  readonly cataloguePath: string;
  readonly catalogueAt?: "origin";
  readonly dialect: Dialect;
  /** Runs on the operator's own machine and may load a model before the first token. */
  readonly local?: true;
  /**
   * What to use when the operator names no model, best first; "#" stands for a version, the newest wins. Resolved against
   * the list of models, because names retire within months; the first without "#" is the guess when there is no list.
   */
  readonly preferredModels: readonly string[];
  /** Why it cannot answer without a base URL of the operator's. */
  readonly retired?: string;
};

/** The fields in which servers differ. */
export type Dialect = {
  readonly tokensField: "max_tokens" | "max_completion_tokens";
  /** Whether `stream_options: { include_usage: true }` is understood. */
  readonly usageOption: boolean;
};

export type PresetName = keyof typeof table;

const older: Dialect = { tokensField: "max_tokens", usageOption: true };
const newer: Dialect = { tokensField: "max_completion_tokens", usageOption: true };
const hosted = { authHeader: "authorization", cataloguePath: "/models" } as const;

export const githubRetired =
  "GitHub Models was retired on 2026-07-30 and answers no more. Choose another provider, or set AI_BASE_URL to a server that speaks its protocol.";

/** In the order of precedence when several keys are set. */
const table = {
  openai: {
    ...hosted,
    label: "OpenAI",
    baseUrl: "https://api.openai.com/v1",
    keySetting: "OPENAI_API_KEY",
    keyPrefix: "sk-",
    dialect: newer,
    preferredModels: ["gpt-#-mini", "gpt-#", "gpt-5-mini"],
  },
  anthropic: {
    ...hosted,
    label: "Anthropic",
    baseUrl: "https://api.anthropic.com/v1",
    keySetting: "ANTHROPIC_API_KEY",
    keyPrefix: "sk-ant-",
    // Chat takes a bearer token; the native list of models wants its own header, and pages of 20 unless told.
    catalogueKeyHeader: "x-api-key",
    cataloguePath: "/models?limit=1000",
    dialect: older,
    preferredModels: ["claude-sonnet-#", "claude-haiku-#", "claude-opus-#", "claude-sonnet-4-5"],
  },
  google: {
    ...hosted,
    label: "Google Gemini",
    baseUrl: "https://generativelanguage.googleapis.com/v1beta/openai",
    keySetting: "GOOGLE_API_KEY",
    keyPrefix: "AIza",
    dialect: older,
    preferredModels: ["gemini-#-flash", "gemini-flash-latest", "gemini-#-flash-preview", "gemini-#-pro"],
  },
  groq: {
    ...hosted,
    label: "Groq",
    baseUrl: "https://api.groq.com/openai/v1",
    keySetting: "GROQ_API_KEY",
    keyPrefix: "gsk_",
    dialect: newer,
    preferredModels: ["llama-#-70b-versatile", "openai/gpt-oss-120b", "openai/gpt-oss-20b"],
  },
  openrouter: {
    ...hosted,
    label: "OpenRouter",
    baseUrl: "https://openrouter.ai/api/v1",
    keySetting: "OPENROUTER_API_KEY",
    keyPrefix: "sk-or-",
    dialect: older,
    preferredModels: ["openrouter/auto", "gpt-#-mini", "claude-sonnet-#"],
  },
  mistral: {
    ...hosted,
    label: "Mistral",
    baseUrl: "https://api.mistral.ai/v1",
    keySetting: "MISTRAL_API_KEY",
    // It reports the usage unasked and refuses unknown fields with 422.
    dialect: { tokensField: "max_tokens", usageOption: false },
    preferredModels: ["mistral-medium-latest", "mistral-large-latest", "mistral-small-latest"],
  },
  azure: {
    label: "Azure OpenAI",
    keySetting: "AZURE_OPENAI_API_KEY",
    authHeader: "api-key",
    cataloguePath: "/models",
    dialect: newer,
    preferredModels: ["gpt-#-mini", "gpt-#", "gpt-4o-mini", "gpt-4o"],
  },
  github: {
    label: "GitHub Models",
    keySetting: "GITHUB_TOKEN",
    keyPrefix: "gh",
    authHeader: "authorization",
    cataloguePath: "/catalog/models",
    catalogueAt: "origin",
    dialect: older,
    preferredModels: ["openai/gpt-#-mini", "openai/gpt-4o-mini", "openai/gpt-4o"],
    retired: githubRetired,
  },
  ollama: {
    ...hosted,
    label: "Ollama",
    baseUrl: "http://127.0.0.1:11434/v1",
    dialect: older,
    local: true,
    preferredModels: [],
  },
  llamacpp: {
    ...hosted,
    label: "llama.cpp",
    baseUrl: "http://127.0.0.1:8080/v1",
    dialect: older,
    local: true,
    preferredModels: [],
  },
  lmstudio: {
    ...hosted,
    label: "LM Studio",
    baseUrl: "http://127.0.0.1:1234/v1",
    dialect: older,
    local: true,
    preferredModels: [],
  },
  custom: { ...hosted, label: "your AI server", dialect: older, preferredModels: [] },
  demo: { ...hosted, label: "the built-in demo", dialect: older, preferredModels: ["demo"] },
} as const satisfies Record<string, Preset>;

/** All presets by name, in the order of precedence. */
export const presets: Readonly<Record<PresetName, Preset>> = table;

export const presetNames = Object.keys(table) as readonly PresetName[];
