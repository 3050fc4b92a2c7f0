import type { FastifyPluginAsync } from "fastify";
import { type Decision, type ListedState, listedStates, type ParkedTurns } from "../conversation/ports/parked-turns.ts";
import type { Secret } from "../secret.ts";
import { HttpError } from "./answer-error.ts";

export type Admin = {
  /** What operators must send as a bearer token. */
  readonly token: Secret;
  readonly turns: ParkedTurns;
};

/** Of one address, guessed tokens included. */
const requestsPerMinute = 60;

const text = { type: "string" } as const;
const turnId = { type: "string", pattern: "^[0-9]{1,18}$", examples: ["4711"] } as const;
const overview = {
  id: turnId,
  channel: text,
  room: text,
  messageId: text,
  state: { type: "string", enum: ["waiting", "answered", "delivered", "parked", "discarded", "refused"] },
  attempt: { type: "integer" },
  error: text,
  hasReply: { type: "boolean" },
  keptAtMs: { type: "number" },
  endedAtMs: { type: "number" },
} as const;
const turns = {
  type: "object",
  properties: { turns: { type: "array", items: { type: "object", properties: overview } } },
};
const turn = {
  type: "object",
  properties: {
    ...overview,
    crashes: { type: "integer" },
    parts: { type: "array", items: text },
    message: { type: "object", additionalProperties: true },
    reply: { type: "object", additionalProperties: true },
  },
};
const decided = { type: "object", properties: { id: turnId, done: { type: "string", enum: ["replay", "discard"] } } };
const failure = (description: string) => ({ description, type: "object", properties: { error: text, message: text } });
const onTurn = { type: "object", required: ["id"], properties: { id: turnId } } as const;
const unauthorized = failure("The token is missing or wrong.");
const unknownTurn = failure("There is no such turn.");
const page = {
  type: "object",
  properties: {
    state: { type: "string", enum: listedStates, default: "parked" },
    limit: { type: "integer", minimum: 1, maximum: 200, default: 50 },
    before: { ...turnId, description: "Only turns before this one: the last of the page before." },
  },
} as const;
const how = {
  type: "object",
  properties: {
    again: { type: "boolean", default: false, description: "The AI writes a new reply, also where one is saved." },
  },
} as const;

const security = "Needs ADMIN_TOKEN as a bearer token.";
const routeOf = (summary: string, given: object, answers: object) => ({
  config: { rateLimit: { max: requestsPerMinute, timeWindow: 60_000 } },
  schema: {
    summary,
    description: security,
    tags: ["operators"],
    ...given,
    response: { ...answers, 401: unauthorized },
  },
});

/** /api/admin/turns: what `parley turns` does, by HTTP. */
export function adminRoutes({ token, turns: parkedTurns }: Admin): FastifyPluginAsync {
  return async (app) => {
    // After the rate limit, so that guesses are counted, and before a byte of a body is read.
    app.addHook("preParsing", async ({ headers }, reply) => {
      reply.header("cache-control", "no-store");
      const given = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1];
      if (given !== undefined && token.equals(given)) return;
      reply.header("www-authenticate", "Bearer");
      throw new HttpError(401, "unauthorized", "Send ADMIN_TOKEN as a bearer token.");
    });

    app.get<{ Querystring: { state: ListedState; limit: number; before?: string } }>(
      "/api/admin/turns",
      routeOf("Turns, the newest first, without what was written", { querystring: page }, { 200: turns }),
      async ({ query: { state, limit, before } }) => ({
        turns: await parkedTurns.list({ state, countMax: limit, ...(before !== undefined && { before }) }),
      }),
    );

    app.get<{ Params: { id: string } }>(
      "/api/admin/turns/:id",
      routeOf("One turn, with what was written", { params: onTurn }, { 200: turn, 404: unknownTurn }),
      async ({ params: { id } }) => (await parkedTurns.show(id)) ?? notFound(id),
    );

    const decisions = { 200: decided, 404: unknownTurn, 409: failure("The turn is not parked.") };
    app.post<{ Params: { id: string }; Querystring: { again: boolean } }>(
      "/api/admin/turns/:id/replay",
      routeOf("A parked turn goes back to the end of its room's line", { params: onTurn, querystring: how }, decisions),
      async ({ params: { id }, query: { again } }) =>
        answer(id, "replay", await parkedTurns.replay(id, again ? "ask-again" : "keep-reply")),
    );

    app.post<{ Params: { id: string } }>(
      "/api/admin/turns/:id/discard",
      routeOf("A parked turn is not to be listed any more", { params: onTurn }, decisions),
      async ({ params: { id } }) => answer(id, "discard", await parkedTurns.discard(id)),
    );
  };
}

function answer(id: string, done: "replay" | "discard", decision: Decision): { id: string; done: string } {
  if (decision.kind === "done") return { id, done };
  if (decision.kind === "unknown") return notFound(id);
  throw new HttpError(409, "not_parked", `Turn ${id} is ${decision.state}, and only a parked turn can be decided on.`);
}

function notFound(id: string): never {
  throw new HttpError(404, "not_found", `There is no turn ${id}.`);
}
