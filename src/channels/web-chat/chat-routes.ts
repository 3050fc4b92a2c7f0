import { Readable } from "node:stream";
import cookie from "@fastify/cookie";
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import type { CommandWord } from "../../conversation/domain/command.ts";
import type { Accept, Receipt } from "../../conversation/ports/channel.ts";
import type { Transcripts } from "../../conversation/ports/transcripts.ts";
import type { Wire } from "../../conversation/ports/wire.ts";
import type { Secret } from "../../secret.ts";
import {
  chatLimits,
  chatPaths,
  chatSchemas,
  type ChatError,
  type HistoryAnswer,
  type HistoryQuery,
  type LoginRequest,
  type MessageAnswer,
  type MessageRequest,
  type SessionAnswer,
} from "./api.ts";
import { eventLines } from "./event-lines.ts";
import { followRoom, type RoomPace } from "./follow-room.ts";
import { readLanguage } from "./read-language.ts";
import { readMessage } from "./read-message.ts";
import { isFromAnotherSite, isThisMachine } from "./request-origin.ts";
import { changedHint, roomTopic } from "./room-hint.ts";
import { streamSeats, type StreamSeats } from "./stream-seats.ts";
import { forgetVisitor, givePass, hasPass, visitorOf, welcomeVisitor } from "./visitor.ts";
import { within } from "./within.ts";
import { writeTurn } from "./write-turn.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Who writes: set on the routes of the web chat that need one. */
    visitor: string;
  }
}

export type ChatDoor = {
  readonly transcripts: Transcripts;
  readonly wire: Wire;
  /** What people enter to open the chat. Without it only this machine is served: see `chatRoutes`. */
  readonly accessToken?: Secret;
  /** What the page offers after "/". */
  readonly commands: readonly CommandWord[];
  readonly program: { readonly name: string; readonly version: string };
  readonly pace: RoomPace;
  /** Undefined while no messages are taken: before the start and during the drain. */
  readonly accept: () => Accept | undefined;
};

/** Open streams of all visitors on one instance. */
const streamsMax = 2_000;
const keepMsMax = 10_000;
const loginsPerMinute = 10;

/**
 * The API of `api.ts`. The server around it answers what a handler throws (a StoreError is a 503) and what
 * breaks a schema, and counts requests per address: it must count logins by their `config.rateLimit`.
 *
 * Other sites can neither write here (cookies are SameSite, bodies must be JSON, a foreign Origin is refused) nor
 * read. Without an access token only requests to a loopback name are served: otherwise any web page could reach
 * the chat of whoever opens it, by a name of its own that resolves to 127.0.0.1 (DNS rebinding).
 */
export function chatRoutes(door: ChatDoor): FastifyPluginAsync {
  return async (app) => {
    const seats = streamSeats(chatLimits.streamsPerVisitorMax, streamsMax);
    app.addHook("preClose", async () => seats.endAll());
    await app.register(cookie);
    app.decorateRequest("visitor", "");
    app.addHook("onRequest", async (request, reply) => {
      if (!door.accessToken && !isThisMachine(request.headers.host)) return refuse(reply, 403, errors.notLocal);
      if (request.method === "POST" && isFromAnotherSite(request)) return refuse(reply, 403, errors.otherSite);
      return undefined;
    });
    addLogin(app, door);
    await app.register(async (members) => {
      members.addHook("onRequest", async (request, reply) => admit(request, reply, door));
      addMessages(members, door);
      addEvents(members, door, seats);
    });
  };
}

const errors = {
  notLocal: {
    error: "not_local",
    message: "Without an access token the chat opens on this machine only, as http://127.0.0.1. Set WEB_ACCESS_TOKEN.",
  },
  otherSite: { error: "other_site", message: "Messages are taken from the chat's own page only." },
  noVisitor: { error: "no_visitor", message: "Nobody is known here yet. Allow cookies and load the page again." },
  loginNeeded: { error: "login_needed", message: "Log in with the access token first." },
  wrongToken: { error: "wrong_token", message: "That is not the access token. Ask whoever runs this server." },
  notTaking: {
    error: "not_taking",
    message: "The server is starting or stopping. Send it again in a moment.",
    retryAfterMs: 1_000,
  },
  tooManyStreams: {
    error: "too_many_streams",
    message: `The chat is open ${chatLimits.streamsPerVisitorMax} times already. Close another tab.`,
    retryAfterMs: 10_000,
  },
  full: { error: "full", message: "Too many people are here right now. It is tried again.", retryAfterMs: 10_000 },
} satisfies Record<string, ChatError>;

function addLogin(app: FastifyInstance, door: ChatDoor): void {
  const { accessToken, commands, program } = door;
  const { messageCharsMax, nameCharsMax } = chatLimits;

  app.get(chatPaths.session, { schema: chatSchemas.session }, async (request, reply): Promise<SessionAnswer> => {
    const visitor = welcomeVisitor(request, reply);
    const isIn = accessToken && hasPass(request, visitor, accessToken);
    if (isIn) givePass(request, reply, visitor, accessToken);
    const login = isIn ? "done" : "needed";
    reply.header("cache-control", "no-store");
    return {
      login: accessToken ? login : "open",
      channel: "web",
      program,
      limits: { messageCharsMax, nameCharsMax },
      commands,
    };
  });

  const loginOptions = {
    schema: chatSchemas.login,
    config: { rateLimit: { max: loginsPerMinute, timeWindow: 60_000 } },
  };
  app.post<{ Body: LoginRequest }>(chatPaths.login, loginOptions, async (request, reply) => {
    if (accessToken && !accessToken.equals(request.body.token)) return refuse(reply, 401, errors.wrongToken);
    const visitor = welcomeVisitor(request, reply);
    if (accessToken) givePass(request, reply, visitor, accessToken);
    return reply.code(204).send();
  });

  app.post(chatPaths.logout, { schema: chatSchemas.logout }, async (request, reply) => {
    forgetVisitor(request, reply);
    return reply.code(204).send();
  });
}

/** Lets a known visitor with a pass, where one is needed, go on. */
async function admit(request: FastifyRequest, reply: FastifyReply, { accessToken }: ChatDoor) {
  const visitor = visitorOf(request);
  if (!visitor) return refuse(reply, 401, errors.noVisitor);
  if (accessToken && !hasPass(request, visitor, accessToken)) return refuse(reply, 401, errors.loginNeeded);
  request.visitor = visitor;
  return undefined;
}

function addMessages(app: FastifyInstance, { transcripts, wire, pace, accept }: ChatDoor): void {
  app.post<{ Body: MessageRequest }>(chatPaths.messages, { schema: chatSchemas.post }, async (request, reply) => {
    const { visitor } = request;
    const language = readLanguage(request.headers["accept-language"]);
    const message = readMessage(request.body, { visitor, language, nowMs: Date.now() });
    if (typeof message === "string") return refuse(reply, 400, { error: "bad_request", message });
    const keep = accept();
    if (!keep) return refuse(reply, 503, errors.notTaking);
    const [receipt] = await within(keep([message]), keepMsMax);
    if (receipt?.kind === "kept") wire.send(roomTopic(visitor), changedHint);
    return answerReceipt(reply, message.id, receipt);
  });

  app.get<{ Querystring: HistoryQuery & { limit: number } }>(
    chatPaths.messages,
    { schema: chatSchemas.history },
    async (request, reply): Promise<HistoryAnswer> => {
      const { before, limit } = request.query;
      // One more than is shown tells whether there are older ones.
      const countMax = before === undefined ? limit + 1 : chatLimits.turnsMax;
      const entries = await within(transcripts.recent("web", request.visitor, countMax), pace.readMsMax);
      const end = before === undefined ? entries.length : entries.findIndex(({ turnId }) => turnId === before);
      const start = Math.max(0, end - limit);
      reply.header("cache-control", "no-store");
      return { turns: entries.slice(start, Math.max(0, end)).map(writeTurn), more: start > 0 };
    },
  );
}

function answerReceipt(reply: FastifyReply, id: string, receipt: Receipt | undefined): FastifyReply {
  if (!receipt) throw new Error("accept gave no receipt");
  if (receipt.kind !== "refused") return reply.code(202).send({ id, status: receipt.kind } satisfies MessageAnswer);
  const { sentence, retryAfterMs } = receipt;
  return refuse(reply, 429, { error: "rate_limited", message: sentence, retryAfterMs });
}

function addEvents(app: FastifyInstance, door: ChatDoor, seats: StreamSeats): void {
  app.get(chatPaths.events, { schema: chatSchemas.events }, async (request, reply) => {
    const seat = seats.take(request.visitor);
    if (seat === "visitor") return refuse(reply, 429, errors.tooManyStreams);
    if (seat === "full") return refuse(reply, 503, errors.full);
    reply.raw.once("close", () => seat.abort());
    if (request.raw.socket.destroyed) seat.abort();
    reply.raw.setTimeout(door.pace.stuckMsMax, () => reply.raw.destroy());

    const lastId = request.headers["last-event-id"];
    const fromTurnId = typeof lastId === "string" ? lastId : undefined;
    const lines = Readable.from(eventLines(followRoom(request.visitor, fromTurnId, door, seat.signal)));
    lines.once("error", (error) => request.log.error({ error }, "A stream of the web chat broke"));
    return reply
      .headers({
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-store, no-transform",
        // nginx would hold the events back otherwise.
        "x-accel-buffering": "no",
      })
      .send(lines);
  });
}

function refuse(reply: FastifyReply, status: number, error: ChatError): FastifyReply {
  if (error.retryAfterMs !== undefined) reply.header("retry-after", Math.max(1, Math.ceil(error.retryAfterMs / 1_000)));
  return reply.code(status).send(error);
}
