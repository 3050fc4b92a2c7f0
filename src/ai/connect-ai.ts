import type { AiClient } from "../conversation/ports/ai-client.ts";
import type { ModelCatalogue } from "../conversation/ports/model-catalogue.ts";
import type { Transcriber } from "../conversation/ports/transcriber.ts";
import { aiClient, type Target } from "./ai-client.ts";
import { aiLimits, type AiLimits } from "./ai-limits.ts";
import type { AiSettings } from "./ai-settings.ts";
import { chooseProvider, providerOf, type Provider } from "./choose-provider.ts";
import { chooseTranscription } from "./choose-transcription.ts";
import { demoClient } from "./demo-client.ts";
import { listModels } from "./list-models.ts";
import { modelCatalogue } from "./model-catalogue.ts";
import { pickModel } from "./pick-model.ts";
import { presetNames, type PresetName } from "./presets.ts";
import { providerClient } from "./provider-client.ts";
import { transcriber } from "./transcriber.ts";

/** The AI as the conversation uses it. */
export type Ai = {
  readonly client: AiClient;
  readonly models: ModelCatalogue;
  /** Absent: nobody listens to voice messages. */
  readonly transcriber?: Transcriber;
  /** Who answers and which setting decided, for the start-up lines; holds no secret. */
  readonly description: string;
  /** Settings that are ignored or contradict, for the operator. */
  readonly notes: readonly string[];
  /** The model for everyone who chose none: DEFAULT_MODEL, else the preset's that is listed, else the first listed. Never throws. */
  readonly defaultModel: () => Promise<string>;
  readonly isDemo: boolean;
};

/**
 * Connects the AI that the settings choose. Asks nobody yet: a provider that is away does not hinder the start.
 *
 * @throws Error with the remedy, for settings that cannot work
 */
export function connectAi(
  settings: AiSettings,
  report: (what: string, error: unknown) => void,
  limits: AiLimits = aiLimits,
): Ai {
  const { provider, because, notes } = chooseProvider(settings);
  const hearer = chooseTranscription(settings);
  const listening = hearer && { transcriber: transcriber(hearer, limits) };
  if (provider === "demo")
    return { ...connectDemo(`The built-in demo answers, ${because}`, notes, limits), ...listening };

  const bounds = withFirstToken(limits, settings.firstTokenMs);
  const client = providerClient(provider, bounds);
  const fallbacks = (settings.fallbackModels ?? []).map((name) =>
    fallback(name, { provider, client, settings, bounds }),
  );
  const first = (model: string): Target => ({ name: `${provider.label} ${model}`, model, client });
  const models = modelCatalogue(
    {
      load: () => listModels(provider, bounds),
      configured: configuredModels(settings),
      aliases: settings.aliases ?? new Map(),
    },
    bounds,
    report,
  );
  return {
    client: aiClient({ first, fallbacks }, bounds, report),
    models,
    ...listening,
    description: `${provider.label}${provider.baseUrl && ` (${new URL(provider.baseUrl).host})`} answers, ${because}`,
    notes,
    defaultModel: () => chooseDefault(settings.defaultModel, provider, models),
    isDemo: false,
  };
}

function connectDemo(description: string, notes: readonly string[], limits: AiLimits): Ai {
  const load = async () => [{ id: "demo", chats: true }];
  return {
    client: demoClient(),
    models: modelCatalogue({ load, configured: ["demo"], aliases: new Map() }, limits, () => {}),
    description,
    notes,
    defaultModel: async () => "demo",
    isDemo: true,
  };
}

/** The operator's wait for a first token holds for every model, and the whole answer gets its time on top. */
function withFirstToken(limits: AiLimits, firstTokenMs: number | undefined): AiLimits {
  if (firstTokenMs === undefined) return limits;
  const totalMs = Math.max(limits.totalMs, firstTokenMs + limits.idleMs);
  return { ...limits, firstTokenMs, firstTokenSlowMs: firstTokenMs, totalMs };
}

type Main = {
  readonly provider: Provider;
  readonly client: AiClient;
  readonly settings: AiSettings;
  readonly bounds: AiLimits;
};

/** A model at the same provider; or "groq:name" at another whose key is set, so that the fallback survives the provider's outage. */
function fallback(given: string, { provider, client, settings, bounds }: Main): Target {
  const name = settings.aliases?.get(given) ?? given;
  const [preset, rest] = splitPreset(name);
  if (!preset || preset === provider.preset || !settings.keys?.[preset])
    return { name: `${provider.label} ${name}`, model: name, client };
  const other = providerOf(preset, { keys: settings.keys });
  return { name: `${other.label} ${rest}`, model: rest, client: providerClient(other, bounds) };
}

function splitPreset(name: string): [preset: PresetName | undefined, rest: string] {
  const [head = "", ...rest] = name.split(":");
  return [presetNames.find((preset) => preset === head), rest.join(":")];
}

/** What the operator named at the provider itself, aliases resolved. */
function configuredModels({ defaultModel, fallbackModels = [], aliases }: AiSettings): string[] {
  const named = [...(defaultModel ? [defaultModel] : []), ...fallbackModels];
  const models = [...named.map((name) => aliases?.get(name) ?? name), ...(aliases?.values() ?? [])];
  return [...new Set(models.filter((name) => !splitPreset(name)[0]))];
}

async function chooseDefault(named: string | undefined, provider: Provider, models: ModelCatalogue): Promise<string> {
  if (named) {
    const resolved = await models.resolve(named);
    return resolved.kind === "unknown" ? named : resolved.model;
  }
  const listed = (await models.list()).map(({ id }) => id);
  return pickModel(provider.preferredModels, listed) ?? listed[0] ?? guess(provider);
}

/** Nothing is listed: the first preferred name that is a name. A server of one model takes any. */
function guess({ preferredModels }: Provider): string {
  return preferredModels.find((name) => !name.includes("#")) ?? "default";
}
