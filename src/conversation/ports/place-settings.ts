/** What the people who moderate a place have decided for it. Every call throws StoreError when the database is away. */
export interface PlaceSettings {
  /** Never older than the last `save` that any instance has finished. Nothing decided: no rules. */
  find(place: Place): Promise<PlaceRules>;

  /** Replaces the rules of the place. */
  save(place: Place, rules: PlaceRules): Promise<void>;
}

/** What has moderators of its own: a Discord server. */
export type Place = { readonly channel: string; readonly id: string };

export type PlaceRules = {
  /**
   * How a question that everyone sees is answered: in a thread of its own, below it, or not at all, because only slash commands are
   * taken. Absent: in a thread, where the bot may make one.
   */
  readonly mode?: "thread" | "reply" | "slash";
  /** The platform's ids of the channels in which it listens, with their threads; at most 100. Absent: in all. */
  readonly channelIds?: readonly string[];
  /** The platform's ids of the roles of which one is needed to use it; at most 100. Absent: none. */
  readonly roleIds?: readonly string[];
};
