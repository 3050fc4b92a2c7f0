import type { Model, ModelCatalogue, ResolvedModel } from "../conversation/ports/model-catalogue.ts";
import type { AiLimits } from "./ai-limits.ts";
import type { ListedModel } from "./list-models.ts";
import { nearestModels } from "./nearest-models.ts";
import { isSameModel, pickModel } from "./pick-model.ts";
import { successorsOf } from "./retired-models.ts";

type CatalogueSource = {
  /** Asks the provider; bounded in time. */
  readonly load: () => Promise<readonly ListedModel[]>;
  /** The models that the operator named: the list, as long as the provider gives none. */
  readonly configured: readonly string[];
  /** The operator's names for models. */
  readonly aliases: ReadonlyMap<string, string>;
};

/**
 * The provider's list of models, kept `catalogueMs` and then refreshed behind the back of whoever asks. When the provider
 * is away the last list stays; `report` hears of it once, until a list comes again.
 */
export function modelCatalogue(
  { load, configured, aliases }: CatalogueSource,
  limits: AiLimits,
  report: (what: string, error: unknown) => void,
): ModelCatalogue {
  let known: readonly ListedModel[] | undefined;
  let askAgainAtMs = 0;
  let failing = false;
  let loading: Promise<void> | undefined;
  const aliasOf = new Map([...aliases].map(([name, model]) => [name.toLowerCase(), model]));

  return {
    async list() {
      const listed = (await newestList())?.filter(({ chats }) => chats);
      return listed && listed.length > 0 ? listed.map(toModel) : configured.map((id) => ({ id }));
    },
    async resolve(given) {
      const name = given.trim();
      const alias = aliasOf.get(name.toLowerCase());
      const resolved = find(alias ?? name, await newestList());
      if (alias === undefined) return resolved;
      // An alias is the operator's word: it holds even if the list does not know it.
      return { kind: "replaced", name, model: resolved.kind === "unknown" ? alias : resolved.model };
    },
  };

  /** Waits for the provider only when nothing is known and it has not just failed. */
  async function newestList(): Promise<readonly ListedModel[] | undefined> {
    if (performance.now() >= askAgainAtMs) loading ??= refresh();
    if (!known) await loading;
    return known;
  }

  async function refresh(): Promise<void> {
    try {
      known = await load();
      failing = false;
      askAgainAtMs = performance.now() + limits.catalogueMs;
    } catch (error) {
      if (!failing) report("The list of models cannot be read; the last one stays", error);
      failing = true;
      askAgainAtMs = performance.now() + limits.catalogueRetryMs;
    } finally {
      loading = undefined;
    }
  }
}

function find(name: string, listed: readonly ListedModel[] | undefined): ResolvedModel {
  if (!listed || listed.length === 0) return { kind: "unverified", model: name };
  const ids = listed.map(({ id }) => id);
  const exact = ids.find((id) => id.toLowerCase() === name.toLowerCase()) ?? ids.find((id) => isSameModel(id, name));
  if (exact) return { kind: "exists", model: exact };
  const snapshot = newestSnapshot(name, ids);
  if (snapshot) return { kind: "exists", model: snapshot };

  const chatting = listed.filter(({ chats }) => chats).map(({ id }) => id);
  const successor = pickModel(successorsOf(name), chatting);
  if (successor) return { kind: "replaced", model: successor, name };
  return { kind: "unknown", nearest: nearestModels(name, chatting.length > 0 ? chatting : ids) };
}

/** "claude-sonnet-4-5" where only "claude-sonnet-4-5-20250929" is listed. */
function newestSnapshot(name: string, ids: readonly string[]): string | undefined {
  const start = `${name.toLowerCase()}-`;
  return ids
    .filter(
      (id) => id.toLowerCase().startsWith(start) && /^(\d{8}|\d{4}-\d{2}-\d{2}|latest)$/.test(id.slice(start.length)),
    )
    .sort()
    .at(-1);
}

function toModel({ id, contextTokensMax, readsImages }: ListedModel): Model {
  return {
    id,
    ...(contextTokensMax !== undefined && { contextTokensMax }),
    ...(readsImages !== undefined && { readsImages }),
  };
}
