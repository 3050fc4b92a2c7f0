import type { FastifyPluginAsync } from "fastify";
import { StoreError } from "../conversation/domain/errors.ts";
import type { Webhook } from "../conversation/ports/channel.ts";
import { HttpError } from "./answer-error.ts";

const receiveMsMax = 20_000;

const answer = (description: string) => ({
  description,
  type: "object",
  properties: { error: { type: "string" }, message: { type: "string" } },
});

/**
 * POST from platforms that call us. The secret is compared before a byte of the body is read; "ok" goes out after
 * what was sent is on disk. No limit per address: a platform sends for everyone from a few.
 */
export function webhookRoutes(webhooks: readonly Webhook[]): FastifyPluginAsync {
  return async (app) => {
    for (const webhook of webhooks) {
      app.post(webhook.path, {
        config: { rateLimit: false },
        schema: {
          summary: "A delivery of the platform",
          tags: ["webhook"],
          response: {
            200: { type: "object", properties: { status: { type: "string" } } },
            400: answer("Not what the platform sends: sending it again does not help."),
            401: answer("The secret is missing or wrong."),
            503: answer("Not kept: send it again after Retry-After."),
          },
        },
        onRequest: async ({ headers }) => {
          if (!webhook.isAuthentic(headers))
            throw new HttpError(401, "unauthorized", "The webhook's secret is missing or wrong.");
        },
        handler: async ({ body }) => {
          await keptInTime(webhook.receive(body));
          return { status: "ok" };
        },
      });
    }
  };
}

/** Late is as good as not kept: the platform sends it again, and what was kept after all is known by then. */
async function keptInTime(receiving: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StoreError("A delivery was not kept in time.", undefined)), receiveMsMax);
  });
  try {
    await Promise.race([receiving, late]);
  } finally {
    clearTimeout(timer);
  }
}
