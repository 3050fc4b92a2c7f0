import type { Config } from "./config.ts";

export type Facts = {
  readonly url: string;
  readonly ai: string;
  readonly isDemo: boolean;
  /** OpenAI-compatible servers that answer on this machine: offered, not used unasked. */
  readonly localServers: readonly { readonly label: string; readonly setting: string }[];
};

/** What is on, what is off, and the one setting that turns each on. */
export function greeting(config: Config, { url, ai, isDemo, localServers }: Facts): string {
  const lines = [
    on("Web chat", config.WEB_CHAT === "on" ? url : undefined, "WEB_CHAT=on"),
    isDemo
      ? off("AI", `the built-in demo answers; OPENAI_API_KEY or AI_BASE_URL connects a real one`)
      : on("AI", ai, ""),
    ...localServers.map(
      ({ label, setting }) => `        ${"".padEnd(11)}${label} runs on this machine: ${setting} uses it`,
    ),
    on("Discord", config.DISCORD_TOKEN && "connecting", "DISCORD_TOKEN"),
    on("Telegram", config.TELEGRAM_TOKEN && (config.TELEGRAM_WEBHOOK_URL ? "webhook" : "polling"), "TELEGRAM_TOKEN"),
    on("PostgreSQL", config.DATABASE_URL && "yours", "DATABASE_URL", `embedded, in ${config.DATA_DIR}`),
    on("Redis", config.REDIS_URL && "yours", "REDIS_URL", "in the process"),
  ];
  return [
    "",
    `Parley is on: ${url}`,
    "",
    ...lines,
    "",
    "Settings go into the file .env; .env.example lists them all. Ctrl-C stops.",
    "",
  ].join("\n");
}

/** A part that is on; or off, with what turns it on and what serves meanwhile. */
function on(what: string, state: string | undefined, setting: string, meanwhile?: string): string {
  if (state) return `  on    ${what.padEnd(11)}${state}`;
  return off(what, [meanwhile, `${setting} ${meanwhile ? "uses your own" : "turns it on"}`].filter(Boolean).join("; "));
}

function off(what: string, remedy: string): string {
  return `  off   ${what.padEnd(11)}${remedy}`;
}
