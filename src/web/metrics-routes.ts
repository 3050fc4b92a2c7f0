import type { FastifyPluginAsync } from "fastify";
import type { Secret } from "../secret.ts";
import { HttpError } from "./answer-error.ts";

export type Metrics = {
  /** What Prometheus must send as a bearer token. */
  readonly token: Secret;
  readonly read: () => Promise<{ readonly contentType: string; readonly body: string }>;
};

/** GET /metrics for Prometheus. */
export function metricsRoutes({ token, read }: Metrics): FastifyPluginAsync {
  return async (app) => {
    app.get("/metrics", { schema: { summary: "Figures for Prometheus", tags: ["health"] } }, async (request, reply) => {
      const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
      if (given === undefined || !token.equals(given)) {
        reply.header("www-authenticate", "Bearer");
        throw new HttpError(401, "unauthorized", "Send METRICS_TOKEN as a bearer token.");
      }
      const { contentType, body } = await read();
      return reply.type(contentType).send(body);
    });
  };
}
