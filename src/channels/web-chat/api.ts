import type { CommandWord } from "../../conversation/domain/command.ts";

/*
 * The web chat's HTTP API: what the page and the server agree on. No Node, no packages: the page imports it too.
 *
 *   GET  /api/chat/session            who am I here; makes the visitor's cookie. Call it first.
 *   POST /api/chat/login              LoginRequest    -> 204, 401 wrong token, 429
 *   POST /api/chat/logout             {}              -> 204; forgets visitor and login
 *   POST /api/chat/messages           MessageRequest  -> 202 MessageAnswer, 400, 401, 403, 413, 415, 429, 503
 *   GET  /api/chat/messages           HistoryQuery    -> 200 HistoryAnswer, 401, 503
 *   GET  /api/chat/events             server-sent events: ChatEvents -> 401, 429 too many streams, 503
 *
 * Cookies carry everything (HttpOnly, SameSite=Lax): `fetch` and `EventSource` of the same origin need no headers
 * of their own but `content-type: application/json` on each POST.
 * Every answer of 400 and above is a ChatError. 401: call /session again and look at `login`.
 */
export const chatPaths = {
  session: "/api/chat/session",
  login: "/api/chat/login",
  logout: "/api/chat/logout",
  messages: "/api/chat/messages",
  events: "/api/chat/events",
} as const;

export const chatLimits = {
  /** In UTF-16 units, as `string.length` counts. A longer text is a 400. */
  messageCharsMax: 32_000,
  /** In UTF-16 units. A longer name is a 400; what is left after taking out control characters is shown. */
  nameCharsMax: 80,
  /** Turns that a new stream begins with, and the default of `limit`. */
  turnsRecent: 50,
  /** How far back the history goes, and the most that `limit` may be. */
  turnsMax: 500,
  /** Open streams of one visitor: a tab each. Browsers allow 6 connections to one HTTP/1.1 server, so a tab that stays hidden should close its stream. */
  streamsPerVisitorMax: 10,
  /** A stream that says nothing for this long, comments included, is dead: close it and open another. */
  silenceMsMax: 40_000,
};

/** Any answer of 400 and above. `error` is for programs, `message` is a sentence that says what to do. */
export type ChatError = {
  readonly error: string;
  readonly message: string;
  /** With 429 and 503: the least wait before the same request is worth repeating. */
  readonly retryAfterMs?: number;
};

export type SessionAnswer = {
  /** "open": no login here. "needed": show the login and nothing else. "done": logged in. */
  readonly login: "open" | "needed" | "done";
  readonly channel: string;
  readonly program: { readonly name: string; readonly version: string };
  readonly limits: { readonly messageCharsMax: number; readonly nameCharsMax: number };
  /** For completion after "/". Sent as the text of an ordinary message: "/model gpt-5". */
  readonly commands: readonly CommandWord[];
};

export type LoginRequest = { readonly token: string };

/**
 * Repeating a request with the same `id` is safe and changes nothing: after a 503, a lost answer or a reload, send
 * it again as it is. (`crypto.randomUUID` exists on https and localhost only: build the id from
 * `crypto.getRandomValues` elsewhere.)
 */
export type MessageRequest = {
  /** A UUID made by the client, lower case. It comes back as `messageId` of the turn. */
  readonly id: string;
  /** Not blank, at most `messageCharsMax`. */
  readonly text: string;
  /** How the visitor wants to be called. */
  readonly name?: string;
};

/** It is on disk: "kept" now, or "known" from an earlier request with this id. The turn comes by the stream. */
export type MessageAnswer = { readonly id: string; readonly status: "kept" | "known" };

export type HistoryQuery = {
  /** Only turns older than this one. */
  readonly before?: string;
  /** 1 to `turnsMax`; 50 when absent. */
  readonly limit?: number;
};

export type HistoryAnswer = {
  /** Oldest first. */
  readonly turns: readonly ChatTurn[];
  /** Older ones exist. */
  readonly more: boolean;
};

/** One message and what became of it. */
export type ChatTurn = {
  readonly turnId: string;
  /** The `id` of the MessageRequest. */
  readonly messageId: string;
  /** What the visitor wrote. */
  readonly text: string;
  /** When it was kept, ms since 1970, by the server's clock. */
  readonly keptAtMs: number;
  /**
   * "waiting": in the queue or being answered. "answered": `reply` will not change any more. "failed": given up
   * without a reply; the visitor may send the text anew.
   */
  readonly state: "waiting" | "answered" | "failed";
  /** Present when answered. */
  readonly reply?: ChatReply;
};

export type ChatReply = {
  /** Markdown of the model: hostile until sanitised. */
  readonly text: string;
  /** A word of the program's own under the text. Markdown. */
  readonly footer?: string;
  /** "length": cut at a limit. "filtered": the provider held it back. "stopped": by /stop. */
  readonly end: "complete" | "length" | "filtered" | "stopped";
  /** To be saved, never opened as a page. */
  readonly file?: { readonly name: string; readonly mimeType: string; readonly text: string };
};

/**
 * The events of GET /api/chat/events; `data` is JSON of the type.
 *
 * A stream begins with `turn` events, oldest first (the newest 50, or after a reconnect those from `Last-Event-ID`
 * on), then `status` "live". A turn may come again: it replaces the one with the same `turnId`. Turns the client
 * has not seen before belong at the end. Drafts are hints and may be missing; the `turn` that ends them never is.
 */
export type ChatEvents = {
  readonly turn: ChatTurn;
  readonly draft: ChatDraft;
  readonly status: ChatStatus;
};

/** A growing reply: `shown = shown.slice(0, at) + text`, where `shown` is "" at first and again on each new connection. */
export type ChatDraft = {
  /** Always of a turn that this stream has sent as "waiting". */
  readonly turnId: string;
  readonly messageId: string;
  /** How much of what was shown stays, in UTF-16 units. */
  readonly at: number;
  /** Markdown, often half-written. `at` 0 and an empty text: thinking. */
  readonly text: string;
  readonly footer?: string;
};

export type ChatStatus = {
  /** "live": all that is known has been sent. "waiting": the server cannot read its database and tries again by itself; keep the stream. */
  readonly state: "live" | "waiting";
  /** With "waiting": for the visitor. */
  readonly message?: string;
};

const uuidPattern = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";

const text = { type: "string" } as const;

const errorSchema = {
  description: "What is wrong, and what to do.",
  type: "object",
  required: ["error", "message"],
  properties: { error: text, message: text, retryAfterMs: { type: "integer" } },
} as const;

const replySchema = {
  type: "object",
  required: ["text", "end"],
  properties: {
    text,
    footer: text,
    end: { type: "string", enum: ["complete", "length", "filtered", "stopped"] },
    file: { type: "object", required: ["name", "mimeType", "text"], properties: { name: text, mimeType: text, text } },
  },
} as const;

const turnSchema = {
  type: "object",
  required: ["turnId", "messageId", "text", "keptAtMs", "state"],
  properties: {
    turnId: text,
    messageId: text,
    text,
    keptAtMs: { type: "integer" },
    state: { type: "string", enum: ["waiting", "answered", "failed"] },
    reply: replySchema,
  },
} as const;

const commandSchema = {
  type: "object",
  required: ["name", "summary"],
  properties: { name: text, summary: text, argument: text },
} as const;

const done = { description: "Done.", type: "null" } as const;

/** JSON schemas of every route: what is refused with 400, what is answered, what /docs shows. */
export const chatSchemas = {
  session: {
    summary: "Who am I here; makes the visitor's cookie",
    tags: ["chat"],
    response: {
      200: {
        type: "object",
        required: ["login", "channel", "program", "limits", "commands"],
        properties: {
          login: { type: "string", enum: ["open", "needed", "done"] },
          channel: text,
          program: { type: "object", required: ["name", "version"], properties: { name: text, version: text } },
          limits: {
            type: "object",
            required: ["messageCharsMax", "nameCharsMax"],
            properties: { messageCharsMax: { type: "integer" }, nameCharsMax: { type: "integer" } },
          },
          commands: { type: "array", items: commandSchema },
        },
      },
      "4xx": errorSchema,
    },
  },
  login: {
    summary: "Log in with the access token",
    tags: ["chat"],
    body: {
      type: "object",
      required: ["token"],
      additionalProperties: false,
      properties: { token: { type: "string", minLength: 1, maxLength: 1_024 } },
    },
    response: { 204: done, "4xx": errorSchema },
  },
  logout: {
    summary: "Forget this visitor",
    tags: ["chat"],
    body: { type: "object", additionalProperties: false },
    response: { 204: done, "4xx": errorSchema },
  },
  post: {
    summary: "Write a message; repeating it with the same id is safe",
    tags: ["chat"],
    body: {
      type: "object",
      required: ["id", "text"],
      additionalProperties: false,
      properties: {
        id: { type: "string", pattern: uuidPattern },
        text,
        name: { type: "string", maxLength: chatLimits.nameCharsMax },
      },
    },
    response: {
      202: {
        type: "object",
        required: ["id", "status"],
        properties: { id: text, status: { type: "string", enum: ["kept", "known"] } },
      },
      "4xx": errorSchema,
      503: errorSchema,
    },
  },
  history: {
    summary: "Earlier turns, oldest first",
    tags: ["chat"],
    querystring: {
      type: "object",
      properties: {
        before: { type: "string", maxLength: 100 },
        limit: { type: "integer", minimum: 1, maximum: chatLimits.turnsMax, default: chatLimits.turnsRecent },
      },
    },
    response: {
      200: {
        type: "object",
        required: ["turns", "more"],
        properties: { turns: { type: "array", items: turnSchema }, more: { type: "boolean" } },
      },
      "4xx": errorSchema,
      503: errorSchema,
    },
  },
  events: {
    summary: "Turns and drafts as server-sent events",
    description:
      "Events `turn`, `draft` and `status`, each with JSON data; a comment every 15 s. Reconnecting with Last-Event-ID repeats whatever was not final.",
    tags: ["chat"],
    headers: { type: "object", properties: { "last-event-id": { type: "string", maxLength: 100 } } },
    response: {
      200: { description: "The stream.", content: { "text/event-stream": { schema: text } } },
      "4xx": errorSchema,
      503: errorSchema,
    },
  },
} as const;
