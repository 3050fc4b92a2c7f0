import { aiLimits } from "./ai-limits.ts";
import { providerOf } from "./choose-provider.ts";
import { listModels } from "./list-models.ts";

/** An AI server that runs on this machine. */
export type LocalServer = {
  readonly label: string;
  readonly baseUrl: string;
  readonly models: readonly string[];
  /** The line for `.env` that uses it. */
  readonly setting: string;
};

const localPresets = ["ollama", "llamacpp", "lmstudio"] as const;
type LocalPorts = { readonly [P in (typeof localPresets)[number]]?: number };

/**
 * Looks for Ollama, llama.cpp and LM Studio on their usual ports, all at once, for `deadlineMs`: to be offered by name, never
 * used unasked. Only what answers `GET /v1/models` with a list of models counts. Never throws.
 */
export async function findLocalServers(deadlineMs = 500, ports: LocalPorts = {}): Promise<readonly LocalServer[]> {
  const found = await Promise.all(localPresets.map((preset) => probe(preset, deadlineMs, ports[preset])));
  return found.flatMap((server) => server ?? []);
}

async function probe(
  preset: (typeof localPresets)[number],
  deadlineMs: number,
  port?: number,
): Promise<LocalServer | undefined> {
  const provider = providerOf(preset, port === undefined ? {} : { baseUrl: `http://127.0.0.1:${port}/v1` });
  const limits = { ...aiLimits, catalogueTimeoutMs: deadlineMs, connectMs: deadlineMs };
  try {
    const models = await listModels(provider, limits);
    const setting = port === undefined ? `AI_PROVIDER=${preset}` : `AI_BASE_URL=${provider.baseUrl}`;
    return { label: provider.label, baseUrl: provider.baseUrl, models: models.map(({ id }) => id), setting };
  } catch {
    return undefined; // nothing there, or something else
  }
}
