import { randomUUID } from "node:crypto";
import { isIP, type AddressInfo } from "node:net";
import helmet from "@fastify/helmet";
import rateLimit from "@fastify/rate-limit";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import Fastify, {
  LogController,
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyReply,
  type FastifyRequest,
} from "fastify";
import type { Channel, Webhook } from "../conversation/ports/channel.ts";
import { answerError, HttpError } from "./answer-error.ts";
import { countHits, type SharedHits } from "./count-hits.ts";
import { fastifyLog } from "./fastify-log.ts";
import { healthRoutes, type Check } from "./health.ts";
import type { Log } from "./log.ts";
import { metricsRoutes, type Metrics } from "./metrics-routes.ts";
import { pageRoutes } from "./page-routes.ts";
import { webhookRoutes } from "./webhooks.ts";

export type HttpServerOptions = {
  readonly host: string;
  /** 0: any free one; `url` tells which. */
  readonly port: number;
  readonly version: string;
  readonly checks: { readonly database: Check; readonly redis: Check };
  /** Those that are enabled: /ready waits for each. */
  readonly channels: ReadonlyMap<string, Pick<Channel, "health">>;
  readonly webhooks: readonly Webhook[];
  /** What channels serve themselves. */
  readonly routes: readonly FastifyPluginAsync[];
  /** Without it there is no /metrics. */
  readonly metrics?: Metrics;
  /** Requests of one address in a minute; webhooks and probes are not counted. */
  readonly perMinute: number;
  /** Counts for all instances together; without it each counts its own. */
  readonly sharedHits?: SharedHits;
  /** Addresses of the proxies whose X-Forwarded-* is believed, comma-separated, CIDR allowed. */
  readonly trustProxy?: string;
  /** The built page. `dist/page` of this program when absent. */
  readonly pageDir?: string;
  readonly log: Log;
};

export type HttpServer = {
  /** Where people on this machine open it. */
  readonly url: string;
  /** Says "not ready" from now on, so that a load balancer sends nobody new; everything else goes on. */
  drain(): void;
  /** Takes no more connections, ends the event streams (clients reconnect elsewhere), lets running requests finish for a bounded time. Repeating it waits for the same end. */
  close(): Promise<void>;
};

const bodyBytesMax = 1024 * 1024;
const requestMsMax = 30_000;
const closeMsMax = 5_000;
const connectionsMax = 10_000;
const probes: ReadonlySet<string> = new Set(["/health", "/live", "/ready", "/metrics"]);

/**
 * Serves everything that is reached by HTTP. Resolves when it listens.
 *
 * @throws Error with a sentence for the operator when the address cannot be had
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { host, port, log } = options;
  let isDraining = false;
  const app = createApp(options);
  logRequests(app, log);
  // A connection that is kept alive would come back here, and hold the close up.
  app.addHook("onSend", async (_request, reply) => void (isDraining && reply.header("connection", "close")));
  await addProtection(app, options);
  await addDocs(app, options.version);

  await app.register(healthRoutes({ ...options, isDraining: () => isDraining }));
  await app.register(webhookRoutes(options.webhooks));
  if (options.metrics) await app.register(metricsRoutes(options.metrics));
  for (const routes of options.routes) await app.register(routes);
  await app.register(pageRoutes(options.pageDir));

  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    throw new Error(whyNotListening(error, host, port), { cause: error });
  }

  let closing: Promise<void> | undefined;
  return {
    url: urlOf(host, app.server.address()),
    drain() {
      isDraining = true;
    },
    close() {
      isDraining = true;
      return (closing ??= closeWithin(app, closeMsMax));
    },
  };
}

function createApp({ log, trustProxy }: HttpServerOptions): FastifyInstance {
  const app = Fastify({
    loggerInstance: fastifyLog(log),
    logController: new LogController({ disableRequestLogging: true }),
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply),
    bodyLimit: bodyBytesMax,
    requestTimeout: requestMsMax,
    trustProxy: trustProxy ? trustedProxies(trustProxy) : false,
    requestIdHeader: false,
    genReqId: () => randomUUID(),
  });
  app.server.maxConnections = connectionsMax;
  // JSON is the only body there is: everything else is a 415.
  app.removeContentTypeParser("text/plain");
  app.setErrorHandler(answerError);
  return app;
}

function trustedProxies(list: string): string[] {
  const proxies = list.split(",").map((proxy) => proxy.trim());
  const wrong = proxies.find(
    (proxy) => !/^[\da-f.:]+(\/\d{1,3})?$/i.test(proxy) || isIP(proxy.replace(/\/.*/, "")) === 0,
  );
  if (wrong === undefined) return proxies;
  throw new Error(
    `TRUST_PROXY has "${wrong}", which is no address. Set it to addresses such as 10.0.0.1,172.16.0.0/12.`,
  );
}

/** One line a request, by its path: a query could hold anything. Probes that succeed are not worth one. */
function logRequests(app: FastifyInstance, log: Log): void {
  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id);
    // Not onResponse: that stays away when the client leaves first, as every event stream's does.
    reply.raw.once("close", () => logRequest(request, reply, log));
  });
}

function logRequest(request: FastifyRequest, reply: FastifyReply, log: Log): void {
  const path = request.url.split("?", 1)[0] ?? "";
  const status = reply.statusCode;
  if (status < 400 && probes.has(path)) return;
  const fields = { request: request.id, address: request.ip, status, ms: Math.round(reply.elapsedTime) };
  log[status >= 500 ? "warn" : "info"](fields, `${request.method} ${path} ${status}`);
}

async function addProtection(app: FastifyInstance, { perMinute, sharedHits }: HttpServerOptions): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        // Pictures of other servers could carry a conversation out in their addresses.
        imgSrc: ["'self'", "data:"],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        manifestSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
        // Whatever slips past the sanitiser cannot become HTML.
        requireTrustedTypesFor: ["'script'"],
        trustedTypes: ["dompurify"],
      },
    },
    // Other names of the operator's domain are not ours to decide on.
    hsts: { maxAge: 180 * 24 * 60 * 60, includeSubDomains: false },
  });
  await app.register(rateLimit, {
    max: perMinute,
    timeWindow: 60_000,
    // One line of a provider is a whole /64.
    ipv6Subnet: 64,
    cache: 10_000,
    skipOnError: true,
    ...(sharedHits && { store: countHits(sharedHits) }),
    errorResponseBuilder: (_request, { ttl }) =>
      new HttpError(429, "rate_limited", "Too many requests from your address. Wait a little, then go on.", ttl),
  });
}

async function addDocs(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "Parley", description: "Web chat, platform webhooks, health.", version },
    },
  });
  await app.register(swaggerUi, {
    routePrefix: "/docs",
    // Else it asks a server elsewhere whether the description is valid.
    uiConfig: { validatorUrl: null },
    // It writes style attributes, and HTML as text.
    transformStaticCSP: (policy) =>
      policy
        .replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
        .replace(/;?(require-trusted-types-for|trusted-types) [^;]*/g, ""),
  });
}

function whyNotListening(error: unknown, host: string, port: number): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE")
    return `Port ${port} is in use by another program, perhaps another Parley. Stop that one, or set PORT to a free one, such as PORT=${port + 1}.`;
  if (code === "EACCES") return `Port ${port} needs more rights than this user has. Set PORT to 1024 or above.`;
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
    return `${host} is not an address of this machine. Set HOST to 127.0.0.1, or to 0.0.0.0 for the network.`;
  return `Cannot listen on ${host}, port ${port}: ${error instanceof Error ? error.message : String(error)}`;
}

function urlOf(host: string, address: AddressInfo | string | null): string {
  if (typeof address !== "object" || address === null) throw new Error("the server has no port");
  const isEverywhere = host === "0.0.0.0" || host === "::";
  const name = isEverywhere ? "127.0.0.1" : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${address.port}`;
}

async function closeWithin(app: FastifyInstance, maxMs: number): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), maxMs);
  try {
    await app.close();
  } finally {
    clearTimeout(timer);
  }
}
