import type { Limits } from "../domain/limits.ts";
import type { Persona } from "../domain/persona.ts";
import type { AiClient } from "./ai-client.ts";
import type { Archive } from "./archive.ts";
import type { Channel } from "./channel.ts";
import type { DocumentReader } from "./document-reader.ts";
import type { Inbox } from "./inbox.ts";
import type { Journal } from "./journal.ts";
import type { ModelCatalogue } from "./model-catalogue.ts";
import type { PlaceSettings } from "./place-settings.ts";
import type { Presence } from "./presence.ts";
import type { RateLimiter } from "./rate-limiter.ts";
import type { Revisions } from "./revisions.ts";
import type { SessionCache } from "./session-cache.ts";
import type { Sessions } from "./sessions.ts";
import type { Transcriber } from "./transcriber.ts";
import type { Wire } from "./wire.ts";

/** All that the conversation asks of the world. `main.ts` builds it once. */
export type Gateway = {
  readonly channels: ReadonlyMap<string, Channel>;
  readonly ai: AiClient;
  readonly models: ModelCatalogue;
  /** Absent: nobody here can listen. */
  readonly transcriber?: Transcriber;
  readonly documents: DocumentReader;
  readonly inbox: Inbox;
  readonly presence: Presence;
  readonly revisions: Revisions;
  readonly sessions: Sessions;
  readonly archive: Archive;
  readonly sessionCache: SessionCache;
  readonly placeSettings: PlaceSettings;
  readonly rateLimiter: RateLimiter;
  readonly wire: Wire;
  readonly journal: Journal;
  readonly house: House;
  readonly limits: Limits;
};

/** What the operator decided for everyone. */
export type House = {
  /** The system default. Asked each time: the provider may have been away at the start. */
  model(): Promise<string>;
  /** The system prompt. */
  readonly instructions: string;
  /** Whom the model can be, in the order in which they are offered. */
  readonly personas: readonly Persona[];
  /** The operator's own words about privacy, if there are any. */
  readonly privacyNote?: string;
};
