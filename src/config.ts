import { readFileSync } from "node:fs";
import { z } from "zod";
import { Secret } from "./secret.ts";

const text = z.string();
const url = z.url({ protocol: /^https?$/, error: "must be a URL that starts with http:// or https://" });
const count = (min: number, max: number) =>
  z.coerce
    .number({ error: "must be a number" })
    .int("must be a whole number")
    .min(min, `must be at least ${min}`)
    .max(max, `must be at most ${max}`);
const list = text.transform((names) =>
  names
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean),
);
const aliases = text.transform((pairs, context) => {
  const entries = pairs
    .split(",")
    .filter((pair) => pair.trim())
    .map((pair) => pair.split("=").map((name) => name.trim()));
  for (const [from, to, ...rest] of entries)
    if (!from || !to || rest.length > 0) context.addIssue("must look like old-name=new-name,other=name");
  return new Map(entries.map(([from = "", to = ""]) => [from, to]));
});
const personas = z
  .array(
    z.object({
      name: text.regex(/^[a-z0-9_-]{1,24}$/, "a name may hold 1–24 of a-z 0-9 _ - only"),
      title: text.min(1, "a title is missing").max(80, "a title has at most 80 characters"),
      instructions: text.min(1, "instructions are missing").max(20_000, "instructions have at most 20,000 characters"),
    }),
  )
  .max(50, "there can be at most 50 personas")
  .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, "two personas have the same name")
  .refine((all) => all.every(({ name }) => name !== "default"), "a persona cannot be called default");

const secret = text.transform((value) => new Secret(value));

/**
 * Every setting, in the order of `.env.example` and of the README's table. An empty value counts as not set.
 * A secret may instead come from the file that `NAME_FILE` points to.
 */
export const settings = {
  DISCORD_TOKEN: { secret: true, schema: secret, about: "Token of the Discord bot. Turns Discord on." },
  DISCORD_API_BASE: {
    schema: url,
    default: "https://discord.com/api",
    about: "Discord's REST address, without the version.",
  },
  TELEGRAM_TOKEN: {
    secret: true,
    schema: secret,
    about: "Token of the Telegram bot, from @BotFather. Turns Telegram on.",
  },
  TELEGRAM_API_ROOT: {
    schema: url,
    default: "https://api.telegram.org",
    about: "Telegram's Bot API, or a Bot API server of your own.",
  },
  TELEGRAM_WEBHOOK_URL: {
    schema: url,
    about:
      "Public https address of this server (without a path). Telegram then calls /api/webhook/telegram there; without it Parley polls.",
  },
  TELEGRAM_WEBHOOK_SECRET: {
    secret: true,
    schema: text
      .regex(/^[\w-]{1,256}$/, "may hold 1–256 of A-Z a-z 0-9 _ - only")
      .transform((value) => new Secret(value)),
    about: "What Telegram proves itself by. Without it one is derived from the bot's token.",
  },
  TELEGRAM_INLINE: {
    schema: z.enum(["on", "off"]),
    default: "off",
    about:
      "Whether the Telegram bot answers “@bot question” in chats that it is no member of. Needs /setinline and /setinlinefeedback (100%) at @BotFather.",
  },
  TELEGRAM_GUESTS: {
    schema: z.enum(["on", "off"]),
    default: "off",
    about:
      "Whether the Telegram bot answers when someone calls it as a guest into a chat that it is no member of. Needs the bot's guest mode at @BotFather.",
  },
  AI_PROVIDER: {
    schema: z.enum([
      "openai",
      "anthropic",
      "google",
      "groq",
      "openrouter",
      "mistral",
      "azure",
      "ollama",
      "llamacpp",
      "lmstudio",
      "github",
      "custom",
      "demo",
    ]),
    about: "Which preset answers, when the key that is set does not say it.",
  },
  AI_BASE_URL: {
    schema: url,
    about: "Address of any OpenAI-compatible server, such as http://127.0.0.1:11434/v1. Overrides the preset's.",
  },
  AI_API_KEY: { secret: true, schema: secret, about: "Key for AI_BASE_URL or AI_PROVIDER." },
  OPENAI_API_KEY: { secret: true, schema: secret, about: "Turns the openai preset on." },
  ANTHROPIC_API_KEY: { secret: true, schema: secret, about: "Turns the anthropic preset on." },
  GOOGLE_API_KEY: { secret: true, schema: secret, about: "Turns the google preset (Gemini) on." },
  GROQ_API_KEY: { secret: true, schema: secret, about: "Turns the groq preset on." },
  OPENROUTER_API_KEY: { secret: true, schema: secret, about: "Turns the openrouter preset on." },
  MISTRAL_API_KEY: { secret: true, schema: secret, about: "Turns the mistral preset on." },
  AZURE_OPENAI_API_KEY: {
    secret: true,
    schema: secret,
    about: "Turns the azure preset on; needs AI_BASE_URL, such as https://NAME.openai.azure.com/openai/v1.",
  },
  GITHUB_TOKEN: {
    secret: true,
    schema: secret,
    about:
      "Turns the github preset on, if no other is. GitHub Models was retired on 2026-07-30: it needs an AI_BASE_URL that speaks its protocol.",
  },
  DEFAULT_MODEL: { schema: text, about: "The model for everyone who chose none. Without it the preset's." },
  AI_FALLBACK_MODELS: {
    schema: list,
    default: "",
    about: "Models that are asked, in this order, when the chosen one does not answer. Comma-separated.",
  },
  MODEL_ALIASES: {
    schema: aliases,
    default: "",
    about: "Names that stand for others: gpt-4=gpt-5,fast=gpt-5-mini. Before the built-in table of retired names.",
  },
  TRANSCRIPTION_BASE_URL: {
    schema: url,
    about:
      "OpenAI-compatible server that puts voice messages into words. Without it OpenAI, Groq or Mistral do, if their key is set.",
  },
  TRANSCRIPTION_API_KEY: { secret: true, schema: secret, about: "Key for TRANSCRIPTION_BASE_URL." },
  TRANSCRIPTION_MODEL: {
    schema: text,
    about: "The model that listens, such as whisper-1. off: nobody listens to voice messages.",
  },
  SYSTEM_PROMPT: {
    schema: text,
    default: "You are a helpful assistant. Answer in the language of the question. Format with Markdown.",
    about: "What the model is told before every conversation.",
  },
  PERSONAS: {
    schema: text.transform(readPersonas),
    about:
      'A JSON file of whom people can choose with /persona: [{"name": "pirate", "title": "a pirate", "instructions": "You are …"}, …].',
  },
  PRIVACY_NOTE: {
    schema: text,
    about: "What /privacy says besides: who runs this, and where to ask. Markdown.",
  },
  AI_FIRST_TOKEN_TIMEOUT_SECONDS: {
    schema: count(1, 600),
    about: "How long a model may take to its first token. Without it 30, and 60 for local servers.",
  },
  AI_PATIENCE_SECONDS: {
    schema: count(0, 86_400),
    default: "1800",
    about: "How long a message waits for an AI that is away before it is answered with an apology.",
  },
  DATABASE_URL: {
    secret: true,
    schema: secret,
    about:
      "PostgreSQL 14 or newer: postgres://user:password@host:5432/name. Without it Parley runs one of its own in DATA_DIR.",
  },
  REDIS_URL: {
    secret: true,
    schema: secret,
    about: "Redis 6 or newer: redis://host:6379. Without it the cache is in the process.",
  },
  DATA_DIR: { schema: text, default: "data", about: "Folder of the embedded database." },
  HOST: {
    schema: text,
    default: "127.0.0.1",
    about: "Address to listen on. 0.0.0.0 opens it to the network and then needs WEB_ACCESS_TOKEN.",
  },
  PORT: { schema: count(0, 65_535), default: "8000", about: "Port to listen on." },
  WEB_ACCESS_TOKEN: {
    secret: true,
    schema: text.min(12, "must have at least 12 characters").transform((value) => new Secret(value)),
    about: "What people enter to open the web chat. Required when HOST is public.",
  },
  WEB_CHAT: { schema: z.enum(["on", "off"]), default: "on", about: "The web chat." },
  TRUST_PROXY: {
    schema: text,
    about: "Addresses of the proxies in front (comma-separated, CIDR allowed), whose X-Forwarded-For is believed.",
  },
  METRICS_TOKEN: {
    secret: true,
    schema: secret,
    about: "Bearer token that opens /metrics to Prometheus. Without it there is no /metrics.",
  },
  ADMIN_TOKEN: {
    secret: true,
    schema: text.min(12, "must have at least 12 characters").transform((value) => new Secret(value)),
    about: "Bearer token that opens /api/admin. Without it there is no admin API.",
  },
  LOG_LEVEL: {
    schema: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]),
    default: "info",
    about: "How much is logged.",
  },
  SESSION_TTL_SECONDS: {
    schema: count(1, 2_592_000),
    default: "3600",
    about: "How long an idle session stays in the cache.",
  },
  CONTEXT_MESSAGES: {
    schema: count(1, 500),
    default: "20",
    about: "How many of the newest messages a model reads at most.",
  },
  CONTEXT_TOKENS: {
    schema: count(200, 2_000_000),
    default: "8000",
    about: "How many tokens of them at most, estimated.",
  },
  REPLY_TOKENS: { schema: count(16, 200_000), default: "4000", about: "How long an answer may be." },
  RATE_LIMIT_PER_MINUTE: {
    schema: count(1, 100_000),
    default: "20",
    about: "Messages of one person that are taken in a minute.",
  },
  HTTP_RATE_LIMIT_PER_MINUTE: {
    schema: count(1, 1_000_000),
    default: "300",
    about: "Requests from one address that are taken in a minute; webhooks are not counted.",
  },
  SETTLE_SENDS: {
    schema: z.enum(["on", "off"]),
    default: "on",
    about:
      "Whether a message whose sending may or may not have happened is looked for in the room before it is sent again.",
  },
  TURNS_AT_ONCE: { schema: count(1, 1_000), default: "64", about: "Messages that one instance answers at a time." },
  DATABASE_POOL: { schema: count(2, 100), default: "12", about: "Connections to PostgreSQL per instance." },
  DRAIN_SECONDS: {
    schema: count(1, 300),
    default: "8",
    about: "How long SIGTERM waits for running answers before it hands them to another instance.",
  },
} as const satisfies Record<string, Setting>;

type Setting = {
  readonly schema: z.ZodType;
  readonly secret?: true;
  readonly default?: string;
  readonly about: string;
};
type Settings = typeof settings;
export type SettingName = keyof Settings;
/** The values by name: with a default always there, else perhaps not. */
export type Config = {
  readonly [N in SettingName as Settings[N] extends { default: string } ? N : never]: z.output<Settings[N]["schema"]>;
} & {
  readonly [N in SettingName as Settings[N] extends { default: string } ? never : N]?: z.output<Settings[N]["schema"]>;
};

function readPersonas(file: string, context: z.RefinementCtx): z.output<typeof personas> {
  const complain = (message: string) => {
    context.addIssue(message);
    return [];
  };
  try {
    const read = personas.safeParse(JSON.parse(readFileSync(file, "utf8")));
    return read.success ? read.data : complain(`names a file with a mistake: ${read.error.issues[0]?.message ?? ""}`);
  } catch (error) {
    if (error instanceof SyntaxError) return complain("names a file that is not JSON");
    return complain(`names a file that cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** One or more settings are wrong; the message names each, with cause and remedy, and never a secret's value. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

/** Whether a setting holds a secret, and so may come from a file. */
export function isSecret(name: SettingName): boolean {
  const setting: Setting = settings[name];
  return setting.secret === true;
}

/**
 * Reads the settings from an environment.
 *
 * @throws ConfigError with all mistakes at once
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const values: Record<string, unknown> = {};
  const mistakes: string[] = [];

  for (const [name, { schema, ...setting }] of Object.entries<Setting>(settings)) {
    const given = readValue(name as SettingName, environment, mistakes) ?? setting.default;
    if (given === undefined) continue;
    const parsed = schema.safeParse(given);
    if (parsed.success) values[name] = parsed.data;
    else mistakes.push(`${name} ${parsed.error.issues.map((issue) => issue.message).join(", ")}. ${setting.about}`);
  }
  const config = values as Config;
  mistakes.push(...contradictions(config, environment));
  if (mistakes.length > 0)
    throw new ConfigError(
      `The configuration has ${mistakes.length === 1 ? "a mistake" : `${mistakes.length} mistakes`}:\n${mistakes.map((line) => `  - ${line}`).join("\n")}`,
    );
  return config;
}

function readValue(
  name: SettingName,
  environment: Readonly<Record<string, string | undefined>>,
  mistakes: string[],
): string | undefined {
  const direct = environment[name]?.trim();
  const file = isSecret(name) ? environment[`${name}_FILE`]?.trim() : undefined;
  if (direct && file) mistakes.push(`${name} and ${name}_FILE are both set. Keep one of them.`);
  if (direct) return direct;
  if (!file) return undefined;
  try {
    return readFileSync(file, "utf8").trim() || undefined;
  } catch (error) {
    mistakes.push(
      `${name}_FILE names a file that cannot be read (${(error as NodeJS.ErrnoException).code}). Check its path and permissions.`,
    );
    return undefined;
  }
}

function* contradictions(config: Config, environment: Readonly<Record<string, string | undefined>>): Iterable<string> {
  if (config.HOST && !isLoopback(config.HOST) && config.WEB_CHAT === "on" && !config.WEB_ACCESS_TOKEN)
    yield `WEB_ACCESS_TOKEN is missing, and HOST=${config.HOST} opens the web chat to the network. Set a token, or WEB_CHAT=off, or HOST=127.0.0.1.`;
  if (config.TELEGRAM_WEBHOOK_URL && !config.TELEGRAM_TOKEN)
    yield "TELEGRAM_WEBHOOK_URL is set without TELEGRAM_TOKEN. Set both, or neither.";
  if (config.AI_PROVIDER === "azure" && !config.AI_BASE_URL)
    yield "AI_PROVIDER=azure needs AI_BASE_URL, such as https://NAME.openai.azure.com/openai/v1.";
  if (config.TRANSCRIPTION_API_KEY && !config.TRANSCRIPTION_BASE_URL)
    yield "TRANSCRIPTION_API_KEY is set without TRANSCRIPTION_BASE_URL. Set both, or neither.";
  for (const name of Object.keys(environment))
    if (name.endsWith("_FILE") && name.slice(0, -5) in settings && !isSecret(name.slice(0, -5) as SettingName))
      yield `${name} is set, but ${name.slice(0, -5)} is not a secret and cannot come from a file. Set it directly.`;
}

/** Only this machine can reach it. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}
