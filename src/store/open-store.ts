import type { Archive } from "../conversation/ports/archive.ts";
import type { Inbox } from "../conversation/ports/inbox.ts";
import type { ParkedTurns } from "../conversation/ports/parked-turns.ts";
import type { PlaceSettings } from "../conversation/ports/place-settings.ts";
import type { Presence } from "../conversation/ports/presence.ts";
import type { RateLimiter } from "../conversation/ports/rate-limiter.ts";
import type { ReceiverMemory } from "../conversation/ports/receiver-memory.ts";
import type { Revisions } from "../conversation/ports/revisions.ts";
import type { SessionCache } from "../conversation/ports/session-cache.ts";
import type { Sessions } from "../conversation/ports/sessions.ts";
import type { Transcripts } from "../conversation/ports/transcripts.ts";
import type { Wire } from "../conversation/ports/wire.ts";
import { inProcessRateLimiter } from "./in-process/in-process-rate-limiter.ts";
import { inProcessSessionCache } from "./in-process/in-process-session-cache.ts";
import { inProcessWire } from "./in-process/in-process-wire.ts";
import type { Postgres } from "./postgres/connect-postgres.ts";
import { holdPresence } from "./postgres/hold-presence.ts";
import { postgresArchive } from "./postgres/postgres-archive.ts";
import { postgresInbox } from "./postgres/postgres-inbox.ts";
import { type Leases, postgresLeases } from "./postgres/postgres-leases.ts";
import { postgresParkedTurns } from "./postgres/postgres-parked-turns.ts";
import { postgresPlaceSettings } from "./postgres/postgres-place-settings.ts";
import { postgresReceiverMemory } from "./postgres/postgres-receiver-memory.ts";
import { postgresRevisions } from "./postgres/postgres-revisions.ts";
import { postgresSessions } from "./postgres/postgres-sessions.ts";
import { postgresTranscripts } from "./postgres/postgres-transcripts.ts";
import { postgresWire } from "./postgres/postgres-wire.ts";
import type { Redis } from "./redis/connect-redis.ts";
import { type CountHit, redisHits } from "./redis/redis-hits.ts";
import { redisRateLimiter } from "./redis/redis-rate-limiter.ts";
import { redisSessionCache } from "./redis/redis-session-cache.ts";
import { redisWire } from "./redis/redis-wire.ts";

/** Everything that is remembered, behind its ports. */
export type Store = {
  readonly inbox: Inbox;
  readonly presence: Presence;
  readonly revisions: Revisions;
  readonly sessions: Sessions;
  readonly archive: Archive;
  readonly transcripts: Transcripts;
  readonly leases: Leases;
  readonly receiverMemory: ReceiverMemory;
  readonly parkedTurns: ParkedTurns;
  readonly placeSettings: PlaceSettings;
  readonly sessionCache: SessionCache;
  readonly rateLimiter: RateLimiter;
  readonly wire: Wire;
  /** Counts requests for all instances together; absent without Redis. */
  readonly countHit?: CountHit;
  /** Lets go of what is held; the connections themselves are the caller's. */
  close(): Promise<void>;
};

export type StoreOptions = {
  readonly postgres: Postgres;
  readonly redis?: Redis;
  /** Whether other instances may use the same database. */
  readonly isShared: boolean;
  readonly sessionTtlMs: number;
  readonly messagesPerMinute: number;
  readonly report: (what: string, error: unknown) => void;
};

/** Puts the store together: PostgreSQL as the truth; cache, limits and wire in Redis, or in the process without it. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { postgres, redis, sessionTtlMs, messagesPerMinute, report } = options;
  const presence = await holdPresence(postgres, report);
  const wire = openWire(options);
  return {
    inbox: postgresInbox(postgres, presence),
    presence,
    revisions: postgresRevisions(postgres),
    sessions: postgresSessions(postgres),
    archive: postgresArchive(postgres),
    transcripts: postgresTranscripts(postgres),
    leases: postgresLeases(postgres, presence.instance),
    receiverMemory: postgresReceiverMemory(postgres),
    parkedTurns: postgresParkedTurns(postgres),
    placeSettings: postgresPlaceSettings(postgres),
    sessionCache: redis ? redisSessionCache(redis, sessionTtlMs) : inProcessSessionCache(sessionTtlMs),
    rateLimiter: redis ? redisRateLimiter(redis, messagesPerMinute) : inProcessRateLimiter(messagesPerMinute),
    wire,
    ...(redis && { countHit: redisHits(redis) }),
    async close() {
      await wire.close();
      await presence.release();
    },
  };
}

function openWire({ postgres, redis, isShared, report }: StoreOptions): Wire & { close(): Promise<void> } {
  if (redis) return redisWire(redis, report);
  if (isShared) return postgresWire(postgres, report);
  return { ...inProcessWire(), async close() {} };
}
