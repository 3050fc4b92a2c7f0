import { randomBytes } from "node:crypto";
import type { IncomingMessage, Server } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";
import type { DiscordWorld, WorldEvent } from "./discord-world.ts";

/** The gateway of the double, version 10, JSON, uncompressed. https://discord.com/developers/docs/events/gateway */
export type GatewayOptions = {
  readonly token: string;
  readonly url: () => string;
  /** What GET /gateway/bot asks for; `state.shards` changes it. */
  readonly shards: number;
  /** Shards of different number modulo this may IDENTIFY at once; each such group once in `identifyEveryMs`. */
  readonly maxConcurrency: number;
  readonly identifyEveryMs: number;
  /** IDENTIFYs in a day; one more, and the token is reset. */
  readonly identifiesMax: number;
  readonly heartbeatIntervalMs: number;
  /** Whether MESSAGE_CONTENT is turned on in the developer portal. */
  readonly messageContent: boolean;
  /** How long a session can be resumed after its connection is gone. */
  readonly resumeMs: number;
  /** What becomes of a session that is resumed while a connection still has it: documented nowhere. */
  readonly resumeWhileOpen: "takes-over" | "is-refused";
  /** Whatever a real gateway would not have understood. */
  readonly complain: (complaint: string) => void;
};

type Session = {
  readonly id: string;
  readonly intents: number;
  readonly shard: number;
  /** Of how many. */
  readonly count: number;
  seq: number;
  readonly sent: { readonly s: number; readonly text: string }[];
  socket?: WebSocket | undefined;
  goneAtMs?: number;
};

export function discordGateway(server: Server, world: () => DiscordWorld, options: GatewayOptions) {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1_000_000 });
  const sessions = new Map<string, Session>();
  const state = {
    reachable: true,
    acknowledging: true,
    refusals: 0,
    identifies: 0,
    resumes: 0,
    invalidSessions: 0,
    shards: options.shards,
    /** How long nobody was connected for a shard, each time between two connections. */
    gapsMs: [] as number[],
  };
  const goneAtMs = new Map<number, number>();
  const identifiedAtMs = new Map<number, number>();

  server.on("upgrade", (request: IncomingMessage, stream, head) => {
    if (!state.reachable) {
      state.refusals += 1;
      stream.destroy();
    } else sockets.handleUpgrade(request, stream, head, (socket) => welcome(socket, request.url ?? ""));
  });

  return {
    state,
    sessions,

    dispatch({ t, d }: WorldEvent): void {
      for (const session of sessions.values()) {
        const visible = see({ t, d }, session);
        if (!visible) continue;
        session.seq += 1;
        const text = JSON.stringify({ op: 0, t, s: session.seq, d: visible });
        session.sent.push({ s: session.seq, text });
        if (session.sent.length > 10_000) session.sent.shift();
        session.socket?.send(text);
      }
    },

    /** Sends as it is to every connection, whatever it is. */
    sendRaw(text: string): void {
      for (const { socket } of sessions.values()) socket?.send(text);
    },

    connected(): number {
      return [...sessions.values()].filter(({ socket }) => socket !== undefined).length;
    },

    /** The shards that are connected, as "id/count". */
    connectedShards(): readonly string[] {
      const connected = [...sessions.values()].filter(({ socket }) => socket !== undefined);
      return connected.map(({ shard, count }) => `${shard}/${count}`).toSorted();
    },

    /** With a code as Discord closes; without one the network breaks. */
    drop(code?: number): void {
      for (const { id, socket } of sessions.values())
        if (socket && (code === 1000 || code === 1001)) sessions.delete(id);
      for (const socket of sockets.clients) {
        if (code === undefined) socket.terminate();
        else socket.close(code);
      }
    },

    forget(): void {
      sessions.clear();
    },

    close(): void {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
    },
  };

  function welcome(socket: WebSocket, url: string): void {
    const query = new URL(url, "ws://double").searchParams;
    if (query.get("v") !== "10" || query.get("encoding") !== "json") return socket.close(4012);
    if (query.has("compress")) options.complain("the gateway was asked to compress, which the double does not");

    const line: Line = { socket, session: undefined, beatAtMs: Date.now(), sent: 0 };
    const watch = setInterval(() => {
      if (Date.now() - line.beatAtMs > options.heartbeatIntervalMs * 1.5) socket.close(4009);
    }, options.heartbeatIntervalMs / 2);
    socket.on("message", (data, binary) => hear(line, binary || !Buffer.isBuffer(data) ? undefined : data.toString()));
    socket.on("close", (code) => {
      clearInterval(watch);
      if (line.session?.socket !== socket) return;
      line.session.socket = undefined;
      line.session.goneAtMs = Date.now();
      goneAtMs.set(line.session.shard, Date.now());
      // A client that says goodbye does not come back; one that merely vanishes may.
      if (code === 1000 || code === 1001) sessions.delete(line.session.id);
    });
    socket.send(JSON.stringify({ op: 10, d: { heartbeat_interval: options.heartbeatIntervalMs } }));
  }

  function hear(line: Line, text: string | undefined): void {
    const { socket } = line;
    line.sent += 1;
    if (text === undefined || text.length > 4_096) return socket.close(4002);
    if (line.sent > 120) return socket.close(4008);
    const payload = parse(text);
    if (!payload) return socket.close(4002);

    switch (payload.op) {
      case 1:
        line.beatAtMs = Date.now();
        if (state.acknowledging) socket.send(JSON.stringify({ op: 11 }));
        return;
      case 2:
        return line.session ? socket.close(4005) : identify(line, payload.d);
      case 6:
        return line.session ? socket.close(4005) : resume(line, payload.d);
      case 3:
      case 4:
      case 8:
      case 31:
        if (!line.session) socket.close(4003);
        return;
      default:
        options.complain(`gateway opcode ${String(payload.op)}`);
        return socket.close(4001);
    }
  }

  function identify(line: Line, d: Readonly<Record<string, unknown>>): void {
    const { socket } = line;
    const { intents, shard } = d;
    const [id, count] = Array.isArray(shard) ? (shard as unknown[]) : [0, 1];
    state.identifies += 1;
    for (const key of Object.keys(d)) if (!identifyKeys.has(key)) options.complain(`IDENTIFY with ${key}`);
    if (d["token"] !== options.token) return socket.close(4004);
    if (typeof d["properties"] !== "object") return socket.close(4002);
    if (typeof id !== "number" || typeof count !== "number" || id >= count) return socket.close(4010);
    if (isTooSoon(id % options.maxConcurrency)) return socket.send(JSON.stringify({ op: 9, d: false }));
    if (count < state.shards) return socket.close(4011);
    if (state.identifies > options.identifiesMax) {
      options.complain("more IDENTIFYs than a day allows: the token is reset");
      return socket.close(4004);
    }
    if (typeof intents !== "number" || (intents & ~knownIntents) !== 0) return socket.close(4013);
    if ((intents & intent.messageContent) !== 0 && !options.messageContent) return socket.close(4014);

    const session: Session = {
      id: randomBytes(16).toString("hex"),
      intents,
      shard: id,
      count,
      seq: 0,
      sent: [],
      socket,
    };
    sessions.set(session.id, session);
    line.session = session;
    closeGap(session);
    const { bot, applicationId, guildId } = world();
    send(session, "READY", {
      v: 10,
      user: bot,
      guilds: [{ id: guildId, unavailable: true }],
      session_id: session.id,
      resume_gateway_url: options.url(),
      shard: [id, count],
      application: { id: applicationId, flags: options.messageContent ? 1 << 19 : 0 },
    });
    const isHome = Number((BigInt(guildId) >> 22n) % BigInt(count)) === id;
    if ((intents & intent.guilds) !== 0 && isHome) send(session, "GUILD_CREATE", world().guild());
  }

  /** The real one answers the same, and does not say why. */
  function isTooSoon(bucket: number): boolean {
    const sinceMs = Date.now() - (identifiedAtMs.get(bucket) ?? 0);
    identifiedAtMs.set(bucket, Date.now());
    if (sinceMs >= options.identifyEveryMs) return false;
    options.complain(`an IDENTIFY ${sinceMs} ms after the one before`);
    return true;
  }

  function resume(line: Line, d: Readonly<Record<string, unknown>>): void {
    const { socket } = line;
    const seq = d["seq"];
    if (d["token"] !== options.token) return socket.close(4004);
    const session = sessions.get(String(d["session_id"]));
    const expired = session?.goneAtMs !== undefined && Date.now() - session.goneAtMs > options.resumeMs;
    const isRefused = session?.socket !== undefined && options.resumeWhileOpen === "is-refused";
    if (!session || expired || isRefused) {
      state.invalidSessions += 1;
      return socket.send(JSON.stringify({ op: 9, d: false }));
    }
    if (typeof seq !== "number" || seq > session.seq) return socket.close(4007);

    state.resumes += 1;
    session.socket?.close(4000);
    session.socket = socket;
    line.session = session;
    closeGap(session);
    for (const { s, text } of session.sent) if (s > seq) socket.send(text);
    send(session, "RESUMED", {});
  }

  function closeGap({ shard }: Session): void {
    const sinceMs = goneAtMs.get(shard);
    if (sinceMs !== undefined) state.gapsMs.push(Date.now() - sinceMs);
    goneAtMs.delete(shard);
  }

  function send(session: Session, t: string, d: object): void {
    session.seq += 1;
    const text = JSON.stringify({ op: 0, t, s: session.seq, d });
    session.sent.push({ s: session.seq, text });
    session.socket?.send(text);
  }

  /** The event as this session may see it; undefined when it may not. */
  function see({ t, d }: WorldEvent, { intents, shard, count }: Session): object | undefined {
    const guild = typeof d["guild_id"] === "string" ? d["guild_id"] : undefined;
    const home = guild ? Number((BigInt(guild) >> 22n) % BigInt(count)) : 0;
    if (home !== shard) return undefined;
    if (!t.startsWith("MESSAGE_")) return d;
    if ((intents & (guild ? intent.guildMessages : intent.directMessages)) === 0) return undefined;
    if (t.startsWith("MESSAGE_DELETE") || !guild || (intents & intent.messageContent) !== 0 || isOwn(d)) return d;
    return { ...d, content: "", attachments: [], embeds: [], components: [] };
  }

  /** Content is there without the intent in the bot's own messages and in those that mention it. */
  function isOwn({ author, mentions }: WorldEvent["d"]): boolean {
    const all = [author, ...(Array.isArray(mentions) ? (mentions as unknown[]) : [])] as readonly { id?: string }[];
    return all.some((user) => user?.id === world().bot.id);
  }
}

type Line = { readonly socket: WebSocket; session: Session | undefined; beatAtMs: number; sent: number };

function parse(text: string): { op: unknown; d: Readonly<Record<string, unknown>> } | undefined {
  try {
    const payload: unknown = JSON.parse(text);
    if (typeof payload !== "object" || payload === null || !("op" in payload)) return undefined;
    const d = "d" in payload && typeof payload.d === "object" && payload.d !== null ? payload.d : {};
    return { op: payload.op, d: d as Readonly<Record<string, unknown>> };
  } catch {
    return undefined;
  }
}

const intent = { guilds: 1, guildMessages: 1 << 9, directMessages: 1 << 12, messageContent: 1 << 15 };
/** Bits 0–16, 20, 21, 24, 25. */
const knownIntents = 0x1ffff | (1 << 20) | (1 << 21) | (1 << 24) | (1 << 25);
const identifyKeys = new Set(["token", "properties", "compress", "large_threshold", "shard", "presence", "intents"]);
