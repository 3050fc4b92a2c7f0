/** The models that exist right now, as the provider lists them; names change within months, so nothing is hard-coded. */
export interface ModelCatalogue {
  /** Cached, refreshed in the background, never throws: the last known list, else the configured models alone. */
  list(): Promise<readonly Model[]>;

  /** What a person's or operator's name for a model means today. */
  resolve(name: string): Promise<ResolvedModel>;
}

export type Model = {
  readonly id: string;
  /** What it can read, where the provider says so. */
  readonly contextTokensMax?: number;
  /** Whether it can be shown pictures. Absent: nobody says so; trying tells. */
  readonly readsImages?: boolean;
};

export type ResolvedModel =
  | { readonly kind: "exists"; readonly model: string }
  /** The name is gone or an alias; `model` serves instead and the person is told. */
  | { readonly kind: "replaced"; readonly model: string; readonly name: string }
  /** The three nearest names, best first. */
  | { readonly kind: "unknown"; readonly nearest: readonly string[] }
  /** The provider does not list its models: the name is taken at its word. */
  | { readonly kind: "unverified"; readonly model: string };
