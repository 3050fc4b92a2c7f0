import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { apiError, invalid, type Answer } from "./discord-answers.ts";
import { refuseComponents } from "./discord-components.ts";
import { contentFault } from "./discord-content.ts";
import { discordCommands } from "./discord-commands.ts";
import { discordFiles } from "./discord-files.ts";
import { discordInteractions, type InteractionOptions } from "./discord-interactions.ts";
import { discordReactions } from "./discord-reactions.ts";
import { at, type Body, editFields, type Request, type Route } from "./discord-route.ts";
import { attachmentsAfter, contentOf, readUploads, refuseUploads } from "./discord-uploads.ts";
import { discordRateLimits, placeOf, type RateLimitOptions } from "./discord-rate-limits.ts";
import { discordThreads } from "./discord-threads.ts";
import { watchFlights } from "./watch-flights.ts";
import type { DiscordMessage, DiscordRoom, DiscordWorld } from "./discord-world.ts";

/** The HTTP API of the double, version 10, as far as a chat bot needs it. */
export type HttpOptions = RateLimitOptions &
  InteractionOptions & {
    readonly token: string;
    readonly gatewayUrl: () => string;
    /** What GET /gateway/bot says of starting sessions. */
    readonly sessionStart: () => SessionStart;
    /** Whether MESSAGE_CONTENT is turned on in the developer portal. */
    readonly messageContent: boolean;
    /** How long a nonce names the message it made. */
    readonly nonceMs: number;
    /** Where files are fetched, without a path. */
    readonly filesUrl: () => string;
    /** Who is at the other end of a connection, by its port there. */
    readonly callerOf?: (port: number) => string | undefined;
  };

type SessionStart = {
  readonly shards: number;
  readonly total: number;
  readonly remaining: number;
  readonly resetAfterMs: number;
  readonly maxConcurrency: number;
};

export type Call = {
  readonly method: string;
  /** Without "/api/v10". */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** When its first bytes came. */
  readonly atMs: number;
  /** As `callerOf` tells. */
  readonly by?: string | undefined;
  /** 0 when no answer was given. */
  status: number;
};

/** What goes wrong instead of, or after, doing what was asked. */
export type Fault =
  | { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  /** Done, so much later. */
  | { readonly afterMs: number }
  /** A 429 to this kind of request at this place. */
  | { readonly slowDownMs: number }
  | "reset"
  | "hang"
  | "apply-then-reset"
  | "apply-then-hang";

/** Nobody may write there: the bot does not see the room, the person takes nothing from it, or its role may not send. */
export type ShutCode = keyof typeof shutWords;
const shutWords = {
  50_001: "Missing Access",
  50_007: "Cannot send messages to this user",
  50_013: "Missing Permissions",
} as const;

function shutOut(code: ShutCode): Answer {
  return apiError(403, code, shutWords[code]);
}

/** The share of calls to channels and webhooks that break off, before or after they were done, or get a 429. */
export type Chaos = {
  readonly applyThenReset?: number;
  readonly reset?: number;
  readonly status429?: number;
  /** With `status429`. */
  readonly slowDownMs?: number;
  readonly seed?: number;
};

export type Match = { readonly method?: string; readonly path: RegExp };

export function discordHttp(world: () => DiscordWorld, options: HttpOptions) {
  const calls: Call[] = [];
  const complaints: string[] = [];
  const faults: { readonly match: Match; readonly fault: Fault; times: number }[] = [];
  const nonces = new Map<string, { readonly id: string; readonly atMs: number }>();
  const limits = discordRateLimits(options);
  const flights = watchFlights(limits.violations);
  const commands = discordCommands(world);
  const threads = discordThreads(world);
  const reactions = discordReactions(world);
  const files = discordFiles(options.filesUrl, (complaint) => complaints.push(complaint));
  const interactions = discordInteractions(world, options, { refuseMessage, change });
  const state = { away: false };
  /** Rooms that refuse the bot, and by which code. */
  const shut = new Map<string, ShutCode>();
  let chaos: () => Fault | undefined = () => undefined;

  const channel = String.raw`/channels/(\d{17,20})`;
  const routes: readonly Route[] = [
    { method: "GET", path: at("/gateway/bot"), answer: gatewayBot },
    { method: "GET", path: at("/users/@me"), answer: () => ({ status: 200, body: world().bot }) },
    {
      method: "GET",
      path: at("/applications/@me"),
      answer: () => ({ status: 200, body: { id: world().applicationId, flags: applicationFlags() } }),
    },
    { method: "GET", path: at(`${channel}/messages`), answer: history },
    { method: "GET", path: at(String.raw`${channel}/messages/(\d+)`), answer: getMessage },
    { method: "POST", path: at(`${channel}/messages`), answer: createMessage, fields: messageFields },
    { method: "PATCH", path: at(String.raw`${channel}/messages/(\d+)`), answer: editMessage, fields: editFields },
    { method: "DELETE", path: at(String.raw`${channel}/messages/(\d+)`), answer: deleteMessage },
    { method: "POST", path: at(`${channel}/typing`), answer: typing },
    { method: "POST", path: at("/users/@me/channels"), answer: openDirect, fields: ["recipient_id"] },
    ...commands.routes,
    ...interactions.routes,
    ...threads.routes,
    ...reactions.routes,
  ];

  return {
    state,
    shut,
    calls,
    complaints,
    violations: limits.violations,
    commands: commands.list,
    refuseUse: commands.refuseUse,
    interact: interactions.interact,
    unanswered: interactions.unanswered,
    watchInteraction: interactions.watch,
    channelOf: interactions.channelOf,
    choices: interactions.choices,
    closeModal: interactions.closeModal,
    reactions: reactions.of,
    files,

    failNext(match: Match, fault: Fault, times = 1): void {
      faults.push({ match, fault, times });
    },

    chaos(given: Chaos): void {
      chaos = chaosOf(given);
    },

    forgetNonces(): void {
      nonces.clear();
    },

    async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
      const url = new URL(request.url ?? "/", "http://double");
      const method = request.method ?? "GET";
      const caller = { atMs: Date.now(), by: options.callerOf?.(request.socket.remotePort ?? 0) };
      const raw = await buffer(request);
      if (state.away) return void request.socket.destroy();
      if (files.serve(request, response)) return;
      const path = url.pathname.replace(/^\/api\/v10/, "");
      const call: Call = {
        method,
        path,
        query: Object.fromEntries(url.searchParams),
        body: await readUploads(raw, request.headers["content-type"]),
        ...caller,
        status: 0,
      };
      calls.push(call);
      limits.watch(method, path);
      interactions.note(path);
      if (isWrite(method, path)) flights.begin(placeOf(path), method, response);

      const fault = takeFault(call) ?? (/^\/(?:channels|webhooks)\//.test(path) ? chaos() : undefined);
      if (typeof fault === "object" && "afterMs" in fault) await pause(fault.afterMs);
      const refusal = typeof fault === "object" && "status" in fault ? fault : undefined;
      if (refusal?.status === 429)
        limits.ban(
          refusal.headers?.["x-ratelimit-global"] ? "global" : placeOf(path),
          1_000 * Number(refusal.headers?.["retry-after"] ?? 0),
        );
      if (fault === "hang") return;
      if (fault === "reset") return void request.socket.destroy();
      const slowed =
        typeof fault === "object" && "slowDownMs" in fault && limits.slowDown(method, path, fault.slowDownMs);
      const refused = slowed || (refusal && faultAnswer(refusal));
      const answer = refused || answerTo(call, url.pathname, request.headers);
      if (fault === "apply-then-hang") return;
      if (fault === "apply-then-reset") return void request.socket.destroy();
      call.status = answer.status;
      const type = answer.body === undefined ? {} : { "content-type": "application/json" };
      response.writeHead(answer.status, { ...type, ...answer.headers });
      response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
    },
  };

  function takeFault({ method, path }: Call): Fault | undefined {
    const found = faults.find(
      ({ match, times }) => times > 0 && (match.method ?? method) === method && match.path.test(path),
    );
    if (found) found.times -= 1;
    return found?.fault;
  }

  function answerTo(
    { method, path, query, body }: Call,
    fullPath: string,
    headers: IncomingMessage["headers"],
  ): Answer {
    const route = routes.find((one) => one.method === method && one.path.test(path));
    if (!route || !fullPath.startsWith("/api/v10/")) {
      complaints.push(`unknown route ${method} ${fullPath}`);
      return apiError(404, 0, "404: Not Found");
    }
    if (!headers["user-agent"]?.startsWith("DiscordBot ("))
      complaints.push(`no User-Agent of a bot on ${method} ${path}`);
    if (!route.anonymous && headers.authorization !== `Bot ${options.token}`)
      return apiError(401, 0, "401: Unauthorized");
    if (body !== undefined && (typeof body !== "object" || body === null)) return apiError(400, 50_109, "Invalid JSON");

    const params = route.path.exec(path)?.slice(1) ?? [];
    const limited = limits.take(method, path, params[0] ?? "");
    if (limited.refusal) return limited.refusal;
    const known = (Array.isArray(body) ? { list: body } : (body ?? {})) as Body;
    complaints.push(...unknownFields(known, route.fields).map((field) => `${method} ${path} with ${field}`));
    complaints.push(...unknownFields(query, method === "GET" ? (route.query ?? pageFields) : []));
    const answer = route.answer({ method, path, query, body: known, params });
    return { ...answer, headers: { ...limited.headers, ...answer.headers } };
  }

  /** GATEWAY_MESSAGE_CONTENT_LIMITED, as bots in few servers have it. */
  function applicationFlags(): number {
    return options.messageContent ? 1 << 19 : 0;
  }

  /** https://discord.com/developers/docs/resources/message#get-channel-messages */
  function history({ query, params: [channelId = ""] }: Request): Answer {
    const room = world().rooms.get(channelId);
    if (!room) return apiError(404, 10_003, "Unknown Channel");
    if (shut.get(channelId) === 50_001) return shutOut(50_001);
    const { after, before } = query;
    const limit = Number(query["limit"] ?? 50);
    if (!Number.isInteger(limit) || limit < 1 || limit > 100) return invalid("limit", "NUMBER_TYPE_MAX");
    if ([after, before].some((id) => id !== undefined && !/^\d{1,20}$/.test(id)))
      return invalid("after", "NUMBER_TYPE_COERCE");
    const messages = world().history(channelId, { after, before, limit });
    return { status: 200, body: messages.map((message) => asRead(message, room)) };
  }

  function getMessage({ params: [channelId = "", id = ""] }: Request): Answer {
    const room = world().rooms.get(channelId);
    if (!room) return apiError(404, 10_003, "Unknown Channel");
    if (shut.get(channelId) === 50_001) return shutOut(50_001);
    const message = world().messages.get(id);
    if (message?.channel_id !== channelId) return apiError(404, 10_008, "Unknown Message");
    return { status: 200, body: asRead(message, room) };
  }

  /** A nonce is told as long as it is known; content as events tell it. */
  function asRead(message: DiscordMessage, { guild_id }: DiscordRoom): Body {
    const { nonce, ...rest } = message;
    const named = nonces.get(`${message.channel_id}/${String(nonce)}`);
    const isOpen = options.messageContent || !guild_id || isOwn(message);
    return {
      ...files.link(rest),
      ...(named?.id === message.id && isYoung(named) ? { nonce } : {}),
      ...(isOpen ? {} : { content: "", attachments: [], embeds: [], components: [] }),
    };
  }

  function isYoung({ atMs }: { readonly atMs: number }): boolean {
    return Date.now() - atMs < options.nonceMs;
  }

  function isOwn({ author, mentions }: DiscordMessage): boolean {
    return [author, ...mentions].some(({ id }) => id === world().bot.id);
  }

  function createMessage({ body, params: [channelId = ""] }: Request): Answer {
    const room = world().rooms.get(channelId);
    if (!room) return apiError(404, 10_003, "Unknown Channel");
    const code = shut.get(channelId);
    if (code) return shutOut(code);
    const refusal = refuseRoom(room) ?? refuseMessage(body);
    if (refusal) return refusal;

    const { nonce, message_reference: reference } = body;
    const key = `${channelId}/${String(nonce)}`;
    const earlier = nonces.get(key);
    const same = earlier && isYoung(earlier) ? world().messages.get(earlier.id) : undefined;
    if (body["enforce_nonce"] === true && same) return { status: 200, body: same };

    const question = readReference(reference);
    if (question && (world().messages.get(question.id)?.channel_id ?? channelId) !== channelId)
      return invalid("message_reference", "REPLIES_CANNOT_REPLY_TO_OTHER_CHANNEL");
    if (question && !world().messages.has(question.id) && question.mustExist)
      return invalid("message_reference", "REPLIES_UNKNOWN_MESSAGE");
    const message = world().send({
      room,
      author: world().bot,
      content: contentOf(body),
      ping: false,
      reference: question?.id,
      more: {
        flags: body["flags"] ?? 0,
        components: body["components"] ?? [],
        attachments: attachmentsAfter(body, world().snowflake),
        ...(nonce === undefined ? {} : { nonce }),
      },
    });
    if (nonce !== undefined) nonces.set(key, { id: message.id, atMs: Date.now() });
    return { status: 200, body: message };
  }

  function editMessage({ body, params: [channelId = "", id = ""] }: Request): Answer {
    const message = world().messages.get(id);
    if (shut.get(channelId) === 50_001) return shutOut(50_001);
    if (!world().rooms.has(channelId)) return apiError(404, 10_003, "Unknown Channel");
    if (message?.channel_id !== channelId || message.onlyFor) return apiError(404, 10_008, "Unknown Message");
    if (message.author.id !== world().bot.id)
      return apiError(403, 50_005, "Cannot edit a message authored by another user");
    if (world().rooms.get(channelId)?.thread_metadata?.archived) return asleep;
    return change(message, body);
  }

  /** What is not named stays. */
  function change(message: DiscordMessage, body: Body): Answer {
    const { content = message.content, components = message["components"], flags = message.flags & noEmbeds } = body;
    if (body["allowed_mentions"] === undefined && body["content"] !== undefined)
      complaints.push("an edit without allowed_mentions");
    const refusal = refuseMessage({ ...body, content, allowed_mentions: {} }, message);
    if (refusal) return refusal;
    const attachments = attachmentsAfter(body, world().snowflake, message);
    const changes = {
      content: contentOf({ content }),
      components,
      attachments,
      flags: Number(flags) | (message.flags & ephemeral),
    };
    return { status: 200, body: world().change(message, changes) };
  }

  function deleteMessage({ params: [channelId = "", id = ""] }: Request): Answer {
    const message = world().messages.get(id);
    if (message?.channel_id !== channelId || message.onlyFor) return apiError(404, 10_008, "Unknown Message");
    if (world().rooms.get(channelId)?.thread_metadata?.archived) return asleep;
    world().remove(message);
    return { status: 204 };
  }

  /** A thread that sleeps is woken by a message, unless it is locked. */
  function refuseRoom(room: DiscordRoom): Answer | undefined {
    if (world().isDenied(room, "viewChannel")) return shutOut(50_001);
    if (world().isDenied(room, room.thread_metadata ? "sendMessagesInThreads" : "sendMessages")) return shutOut(50_013);
    return room.thread_metadata?.archived && room.thread_metadata.locked ? asleep : undefined;
  }

  /** Missing pings and link previews are a promise of ours, not of Discord: what forgets them is recorded. */
  function refuseMessage(body: Body, message?: DiscordMessage): Answer | undefined {
    const { content = "", nonce, allowed_mentions: allowed, flags } = body;
    if (typeof allowed !== "object") complaints.push("a message without allowed_mentions");
    if (typeof flags === "number" && (flags & ~0xd004) !== 0) return invalid("flags", "BASE_TYPE_BAD");
    if (typeof content !== "string") return apiError(400, 50_006, "Cannot send an empty message");
    const fault = contentFault(content);
    if (fault === "too long") return invalid("content", "BASE_TYPE_MAX_LENGTH");
    if (fault === "malformed") return apiError(400, 50_109, "The request body contains invalid JSON.");
    const unfit = refuseUploads(body, message);
    if (unfit) return unfit;
    if (fault === "empty" && attachmentsAfter(body, () => "", message).length === 0)
      return apiError(400, 50_006, "Cannot send an empty message");
    if (nonce !== undefined && (typeof nonce !== "string" || nonce.length > 25))
      return invalid("nonce", "BASE_TYPE_MAX_LENGTH");
    return refuseComponents(body["components"]);
  }

  function openDirect({ body }: Request): Answer {
    const room = world().dmWith(body["recipient_id"]);
    if (!room) return apiError(400, 50_033, "Invalid Recipient(s)");
    return { status: 200, body: { id: room.id, type: 1, recipients: [room.recipient] } };
  }

  function typing({ params: [channelId = ""] }: Request): Answer {
    const code = shut.get(channelId);
    if (code) return shutOut(code);
    const room = world().rooms.get(channelId);
    if (!room) return apiError(404, 10_003, "Unknown Channel");
    return refuseRoom(room) ?? { status: 204 };
  }

  function gatewayBot(): Answer {
    const { shards, total, remaining, resetAfterMs, maxConcurrency } = options.sessionStart();
    const start = { total, remaining, reset_after: resetAfterMs, max_concurrency: maxConcurrency };
    return { status: 200, body: { url: options.gatewayUrl(), shards, session_start_limit: start } };
  }
}

const asleep = apiError(400, 50_083, "Thread is archived");

/** Whether it changes the messages of a place. */
function isWrite(method: string, path: string): boolean {
  return method !== "GET" && /^\/(?:channels\/\d+\/messages(?:\/\d+)?$|webhooks\/)/.test(path);
}

/** Of a message's flags: SUPPRESS_EMBEDS and EPHEMERAL. */
const noEmbeds = 4;
const ephemeral = 64;

/** The same faults in the same order for the same seed (mulberry32). */
function chaosOf({ applyThenReset = 0, reset = 0, status429 = 0, slowDownMs = 1_000, seed = 1 }: Chaos) {
  let state = seed;
  return (): Fault | undefined => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    const chance = ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    if (chance < applyThenReset) return "apply-then-reset";
    if (chance < applyThenReset + reset) return "reset";
    return chance < applyThenReset + reset + status429 ? { slowDownMs } : undefined;
  };
}

const messageFields =
  "content nonce enforce_nonce tts embeds allowed_mentions message_reference components sticker_ids attachments flags poll".split(
    " ",
  );
const pageFields = ["after", "before", "around", "limit"];
function unknownFields(body: Body, fields: readonly string[] = []): readonly string[] {
  return Object.keys(body).filter((field) => field !== "list" && !fields.includes(field));
}

function readReference(reference: unknown): { readonly id: string; readonly mustExist: boolean } | undefined {
  if (typeof reference !== "object" || reference === null || !("message_id" in reference)) return undefined;
  const mustExist = !("fail_if_not_exists" in reference && reference.fail_if_not_exists === false);
  return { id: String(reference.message_id), mustExist };
}

function faultAnswer({ status, body, headers }: Extract<Fault, { status: number }>): Answer {
  return { status, body: body ?? { message: "made to fail", code: 0 }, ...(headers ? { headers } : {}) };
}
