import type { FastifyPluginAsync } from "fastify";
import type { Channel, ChannelHealth } from "../conversation/ports/channel.ts";

/** Rejects when the thing does not answer. */
export type Check = (signal: AbortSignal) => Promise<void>;

type HealthOptions = {
  readonly checks: { readonly database: Check; readonly redis: Check };
  readonly channels: ReadonlyMap<string, Pick<Channel, "health">>;
  readonly isDraining: () => boolean;
};

type Finding = "healthy" | `unhealthy: ${string}`;

const checkMsMax = 2_000;

const text = { type: "string" } as const;
const finding = { type: "string", examples: ["healthy", "unhealthy: connect ECONNREFUSED"] } as const;
const healthAnswer = { type: "object", properties: { status: text, database: finding, redis: finding } } as const;
const readyAnswer = {
  type: "object",
  properties: { status: text, database: finding, channels: { type: "object", additionalProperties: text } },
} as const;

/**
 * GET /health: do the database and Redis answer. GET /live: does this process turn (restart it if not).
 * GET /ready: may people be sent here. Probes are not counted by the rate limit; many at once share one check.
 */
export function healthRoutes({ checks, channels, isDraining }: HealthOptions): FastifyPluginAsync {
  const database = shared(() => probe(checks.database));
  const redis = shared(() => probe(checks.redis));
  const options = (summary: string, answer: object) => ({
    schema: { summary, tags: ["health"], response: { 200: answer, 503: answer } },
    config: { rateLimit: false } as const,
  });

  return async (app) => {
    app.addHook("onRequest", async (_request, reply) => void reply.header("cache-control", "no-store"));

    app.get("/health", options("Do the database and Redis answer", healthAnswer), async (_request, reply) => {
      const found = await allOf({ database: database(), redis: redis() });
      const isHealthy = found.database === "healthy" && found.redis === "healthy";
      return reply.code(isHealthy ? 200 : 503).send({ status: isHealthy ? "healthy" : "unhealthy", ...found });
    });

    app.get("/live", options("Does this process turn", { type: "object", properties: { status: text } }), async () => ({
      status: "alive",
    }));

    app.get("/ready", options("May people be sent here", readyAnswer), async (_request, reply) => {
      const found = await database();
      const states = [...channels].map(([name, channel]) => [name, channel.health()] as const);
      const isReady = !isDraining() && found === "healthy" && states.every(([, health]) => isServed(health));
      const status = isDraining() ? "draining" : "not ready";
      return reply.code(isReady ? 200 : 503).send({
        status: isReady ? "ready" : status,
        database: found,
        channels: Object.fromEntries(states.map(([name, health]) => [name, inWords(health)])),
      });
    });
  };
}

/** A standby is served too: another instance receives for it. */
function isServed({ state }: ChannelHealth): boolean {
  return state === "connected" || state === "standby";
}

function inWords(health: ChannelHealth): string {
  return "reason" in health ? `${health.state}: ${withoutSecrets(health.reason)}` : health.state;
}

async function probe(check: Check): Promise<Finding> {
  const deadline = AbortSignal.timeout(checkMsMax);
  const late = new Promise<never>((_, reject) => {
    deadline.addEventListener("abort", () => reject(new Error(`no answer within ${checkMsMax / 1_000} s`)), {
      once: true,
    });
  });
  try {
    await Promise.race([check(deadline), late]);
    return "healthy";
  } catch (error) {
    return `unhealthy: ${reasonOf(error, deadline)}`;
  }
}

/** Node's AggregateError of a refused connection has a code but no words; an aborted check has only "aborted" to say. */
function reasonOf(error: unknown, deadline: AbortSignal): string {
  if (deadline.aborted) return `no answer within ${checkMsMax / 1_000} s`;
  if (!(error instanceof Error)) return "unknown";
  const code = "code" in error ? String(error.code) : "unknown";
  return withoutSecrets(error.message || code);
}

/** One short line without addresses (which may hold passwords) and bot tokens. */
function withoutSecrets(reason: string): string {
  return reason
    .replaceAll(/\b[a-z][a-z0-9+.-]*:\/\/\S+/gi, "[address]")
    .replaceAll(/\d{6,}:[\w-]{30,}/g, "[secret]")
    .replaceAll(/\s+/g, " ")
    .slice(0, 200);
}

/** While one run is under way, others get its result. */
function shared<T>(run: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => (running ??= run().finally(() => (running = undefined)));
}

async function allOf<A, B>(both: { database: Promise<A>; redis: Promise<B> }): Promise<{ database: A; redis: B }> {
  const [database, redis] = await Promise.all([both.database, both.redis]);
  return { database, redis };
}
