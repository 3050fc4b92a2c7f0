import type { Secret } from "../secret.ts";
import type { AiSettings } from "./ai-settings.ts";
import { presetNames, presets, type Dialect, type PresetName } from "./presets.ts";

/** A server that can be asked, with all that asking takes. */
export type Provider = {
  readonly preset: PresetName;
  readonly label: string;
  /** Without a slash at the end. */
  readonly baseUrl: string;
  readonly catalogueUrl: string;
  readonly key?: Secret;
  readonly authHeader: "authorization" | "api-key";
  readonly catalogueKeyHeader?: string;
  readonly dialect: Dialect;
  readonly local: boolean;
  readonly preferredModels: readonly string[];
  /** The one sentence that every request is answered with. */
  readonly retired?: string;
};

export type ProviderChoice = {
  readonly provider: Provider | "demo";
  /** Which setting decided, as a clause: "because OPENAI_API_KEY is set". */
  readonly because: string;
  /** What the operator should know: settings that are ignored, or contradict. */
  readonly notes: readonly string[];
};

/**
 * Who answers. AI_PROVIDER decides; else AI_BASE_URL, if it is the address of a preset or comes with AI_API_KEY; else
 * the first key that is set, in the order of the presets; else AI_BASE_URL alone; else the demo.
 *
 * @throws Error with the remedy, for settings that cannot work
 */
export function chooseProvider(settings: AiSettings): ProviderChoice {
  const { preset, because } = choosePreset(settings);
  const notes = noteIgnored(settings, preset);
  if (preset === "demo") return { provider: "demo", because, notes };
  return { provider: providerOf(preset, settings), because, notes };
}

/**
 * The preset as a server that can be asked.
 *
 * @throws Error with the remedy, if its base URL or key is missing
 */
export function providerOf(preset: PresetName, { baseUrl, apiKey, keys = {} }: AiSettings): Provider {
  const { retired, keySetting, catalogueAt, cataloguePath, ...rest } = presets[preset];
  const base = (baseUrl ?? rest.baseUrl)?.replace(/\/+(chat\/completions\/*)?$/, "");
  const key = apiKey ?? keys[preset];
  if (!base && !retired) throw new Error(missingBase(preset));
  if (!key && !baseUrl && keySetting && !retired)
    throw new Error(`AI_PROVIDER=${preset} needs a key. Set ${keySetting}, or AI_API_KEY.`);
  return {
    preset,
    label: rest.label,
    baseUrl: base ?? "",
    catalogueUrl: base ? (catalogueAt === "origin" ? new URL(base).origin : base) + cataloguePath : "",
    ...(key && { key }),
    authHeader: rest.authHeader,
    ...(rest.catalogueKeyHeader && { catalogueKeyHeader: rest.catalogueKeyHeader }),
    dialect: rest.dialect,
    local: rest.local === true || (base !== undefined && isNear(base)),
    preferredModels: rest.preferredModels,
    ...(retired && !base && { retired }),
  };
}

function choosePreset(settings: AiSettings): { preset: PresetName; because: string } {
  const { provider, baseUrl, apiKey } = settings;
  if (provider) return { preset: provider, because: `because AI_PROVIDER=${provider}` };

  const known = baseUrl ? presetAt(baseUrl) : undefined;
  if (known) return { preset: known, because: `because AI_BASE_URL is the address of ${presets[known].label}` };
  if (baseUrl && apiKey) return { preset: "custom", because: "because AI_BASE_URL and AI_API_KEY are set" };
  if (apiKey) return presetOfKey(apiKey);

  const [keyed] = keyedPresets(settings);
  if (keyed && baseUrl)
    return { preset: keyed, because: `because ${presets[keyed].keySetting} is set, at AI_BASE_URL` };
  if (keyed) return { preset: keyed, because: `because ${presets[keyed].keySetting} is set` };
  if (baseUrl) return { preset: "custom", because: "because AI_BASE_URL is set" };
  return { preset: "demo", because: "because no AI is configured" };
}

/** The preset whose address this is; so that OPENAI_API_KEY never goes to another provider's server. */
function presetAt(baseUrl: string): PresetName | undefined {
  const { host } = new URL(baseUrl);
  if (host.endsWith(".openai.azure.com")) return "azure";
  if (host === "models.github.ai") return "github";
  const name = host.replace(/^(localhost|\[::1\])(?=:)/, "127.0.0.1");
  return presetNames.find((preset) => {
    const { baseUrl } = presets[preset];
    return baseUrl !== undefined && new URL(baseUrl).host === name;
  });
}

function presetOfKey(apiKey: Secret): { preset: PresetName; because: string } {
  const value = apiKey.reveal();
  const [preset] = presetNames
    .filter((name) => value.startsWith(presets[name].keyPrefix ?? " "))
    .sort((a, b) => (presets[b].keyPrefix?.length ?? 0) - (presets[a].keyPrefix?.length ?? 0));
  if (!preset)
    throw new Error("AI_API_KEY is set, but nothing says whose key it is. Set AI_PROVIDER or AI_BASE_URL too.");
  return { preset, because: `because AI_API_KEY looks like a key of ${presets[preset].label}` };
}

function keyedPresets({ keys = {} }: AiSettings): PresetName[] {
  return presetNames.filter((name) => keys[name] !== undefined);
}

function noteIgnored(settings: AiSettings, chosen: PresetName): string[] {
  const notes: string[] = [];
  const { label } = presets[chosen];
  const ignored = keyedPresets(settings)
    .filter((name) => name !== chosen && name !== "github") // a GITHUB_TOKEN is often there for other reasons
    .map((name) => presets[name].keySetting);
  if (ignored.length > 0)
    notes.push(
      `${ignored.join(" and ")} ${ignored.length === 1 ? "is" : "are"} set too; ${label} answers. AI_PROVIDER chooses another.`,
    );
  if (settings.apiKey && settings.keys?.[chosen])
    notes.push(`AI_API_KEY and ${presets[chosen].keySetting} are both set; AI_API_KEY is used.`);
  if (chosen === "demo" && settings.baseUrl) notes.push("AI_PROVIDER=demo ignores AI_BASE_URL.");
  if (chosen === "github" && !settings.baseUrl) notes.push(presets.github.retired ?? "");
  return notes;
}

function missingBase(preset: PresetName): string {
  const example = preset === "azure" ? "https://NAME.openai.azure.com/openai/v1" : "http://127.0.0.1:8080/v1";
  return `The AI preset ${preset} needs AI_BASE_URL, such as ${example}.`;
}

/** On this machine or in a private network: such a server may load a model first. */
function isNear(baseUrl: string): boolean {
  const { hostname } = new URL(baseUrl);
  return (
    /^(localhost|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|\[::1\]|\[f[cd])/.test(hostname) ||
    /\.(local|lan|internal)$/.test(hostname) ||
    !/[.:]/.test(hostname)
  );
}
