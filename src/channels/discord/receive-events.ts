import {
  type IContextFetchingStrategy,
  type FetchingStrategyOptions,
  type SessionInfo,
  DefaultWebSocketManagerOptions,
  WebSocketShard,
  WebSocketShardDestroyRecovery,
  WebSocketShardEvents,
} from "@discordjs/ws";
import { setTimeout as pause } from "node:timers/promises";
import type { APIGatewayBotInfo } from "discord-api-types/v10";
import type { Secret } from "../../secret.ts";
import type { GatewaySession } from "./gateway-session.ts";
import type { IdentifyGate } from "./identify-gate.ts";
import type { GatewayEvent } from "./read-message.ts";

/** What a shard needs to receive. */
export type Reception = {
  readonly token: Secret;
  readonly gateway: APIGatewayBotInfo;
  readonly intents: number;
  readonly session: GatewaySession;
  /** Aborts when a successor is to resume the session, which ends this connection: it is not made again. */
  readonly leaving: AbortSignal;
  /** How long whoever handed the session over may still use it. */
  readonly sharedMs: number;
  readonly gate: IdentifyGate;
  /**
   * Takes over one event; `settled` is to be called once it is on disk.
   *
   * @returns false when there is no room: the connection closes, and resumes from the last settled event
   */
  readonly take: (event: GatewayEvent, settled: () => void) => boolean;
  /** Resolves when there is room again. */
  readonly room: () => Promise<void>;
  /** A new session has begun: what came since the last one was missed. Called before its first event. */
  readonly onGap: () => void;
  /** Told whenever it changes; undefined means connected. */
  readonly onTrouble: (reason: string | undefined) => void;
};

/**
 * Receives the events of one shard, in order, over as many connections as it takes, with growing pauses between them.
 * What was not settled when a connection ended is repeated on the next, as long as Discord keeps the session.
 *
 * @returns undefined when `signal` aborted or the session was handed over, else the close code after which reconnecting is of no use
 */
export async function receiveEvents(
  shardId: number,
  reception: Reception,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { gateway, session, gate, leaving, onTrouble } = reception;
  const line = {
    greeted: false,
    closeCode: 0,
    failures: 0,
    overflowed: false,
    error: "",
    hasPermit: false,
    isRefused: false,
  };
  const starts = { inRow: 0, lastAtMs: 0 };
  const ended = Promise.withResolvers<number | undefined>();

  const shard = new WebSocketShard(
    {
      options: shardOptions(reception),
      // The library would IDENTIFY if this rejected for another reason than the end of the connection.
      async waitForIdentify(id, closed) {
        await gate.turn(id, closed);
        closed.throwIfAborted();
        line.hasPermit = false;
        starts.inRow = performance.now() - starts.lastAtMs < steadyMs ? starts.inRow + 1 : 1;
        starts.lastAtMs = performance.now();
      },
      async retrieveSessionInfo() {
        // Asked before each connection too, which is where it can be held back.
        if (!line.greeted) await mayConnect();
        const info = session.resumable(gateway.shards);
        if (!info) return null;
        return line.failures > resumeUrlTriesMax ? { ...info, resumeURL: gateway.url } : info;
      },
      updateSessionInfo(_, info) {
        if (info) return begin(info);
        if (isStillResumable()) return;
        if (session.isShared) refuse();
        else session.forget();
      },
    } satisfies IContextFetchingStrategy,
    shardId,
  );

  shard.on(WebSocketShardEvents.Hello, () => {
    line.greeted = true;
    line.overflowed = false;
    line.error = "";
    if (isOver()) shard.destroy({ code: resumeLater }).catch(() => {});
  });
  shard.on(WebSocketShardEvents.Ready, connected);
  shard.on(WebSocketShardEvents.Resumed, connected);
  shard.on(WebSocketShardEvents.Dispatch, ({ t, d, s }) => takeOver({ t, d }, s));
  shard.on(WebSocketShardEvents.Closed, (code) => {
    line.greeted = false;
    line.closeCode = code;
    onTrouble(line.error ? `Discord cannot be reached (${line.error})` : `the connection closed (${code})`);
    if (leaving.aborted) ended.resolve(undefined);
    else if (fatalCodes.has(code)) ended.resolve(code);
  });
  shard.on(WebSocketShardEvents.SocketError, (error) => {
    line.error = nameOf(error);
  });
  // Said by the close code as well; without a listener it would end the process.
  shard.on(WebSocketShardEvents.Error, () => {});

  const stop = () => ended.resolve(undefined);
  const leave = () => !line.greeted && stop(); // there is no connection that a successor could end
  signal.addEventListener("abort", stop, { once: true });
  leaving.addEventListener("abort", leave, { once: true });
  if (isOver()) stop();
  // Its promise waits for the first READY only, and rejects on fatal codes, which `ended` knows.
  else shard.connect().catch(() => {});

  try {
    return await ended.promise;
  } finally {
    signal.removeEventListener("abort", stop);
    leaving.removeEventListener("abort", leave);
    ended.resolve(undefined);
    // Not with 1000, which would end the session: what was not settled is still to be repeated.
    if (line.greeted)
      await Promise.race([shard.destroy({ code: resumeLater }), pause(closeMsMax, undefined, { ref: false })]);
  }

  /** Waits as long as it must. After the end it never resolves, which is how the library is kept from reconnecting. */
  async function mayConnect(): Promise<void> {
    const resumes = session.resumable(gateway.shards) !== undefined;
    const grownMs = resumes ? growing(line.failures, resumePauseMsMax) : growing(identifyTries(), identifyPauseMsMax);
    const waitMs = line.isRefused ? Math.max(grownMs, reception.sharedMs) : grownMs;
    line.isRefused = false;
    if (waitMs > 0) await pause(waitMs, undefined, { signal }).catch(() => {});
    if (!signal.aborted) await reception.room();
    // Before connecting, for it can take hours: nobody is kept waiting on an open line.
    if (!signal.aborted && !resumes && !line.hasPermit)
      line.hasPermit = await gate.permit(onTrouble, signal).catch((error: unknown) => {
        ended.reject(error);
        return new Promise<never>(() => {});
      });
    if (isOver()) return new Promise(() => {});
    line.failures += 1;
  }

  /** A session that begins and is over at once, again and again, must not use up the IDENTIFYs of the day. */
  function identifyTries(): number {
    return Math.max(line.failures, performance.now() - starts.lastAtMs < steadyMs ? starts.inRow : 0);
  }

  function isOver(): boolean {
    return signal.aborted || leaving.aborted;
  }

  function connected(): void {
    session.own();
    line.failures = 0;
    onTrouble(undefined);
  }

  /** The library counts what it received; what counts here is what is on disk. */
  function begin(info: SessionInfo): void {
    if (session.resumable(gateway.shards)?.sessionId === info.sessionId) return;
    session.begin({ ...info, resumeURL: URL.canParse(info.resumeURL) ? info.resumeURL : gateway.url });
    reception.onGap();
  }

  /** Whoever handed the session over may be connected with it still: it is asked for once more when they surely are not. */
  function refuse(): void {
    session.own();
    line.isRefused = true;
  }

  /** The library gives a session up when it cannot connect, too; Discord still has it. */
  function isStillResumable(): boolean {
    return isOver() || (!line.greeted && (line.closeCode === abnormalClose || line.closeCode === resumeLater));
  }

  function takeOver(event: GatewayEvent, seq: number): void {
    if (signal.aborted || line.overflowed) return;
    const settled = session.take(seq);
    if (!settled || reception.take(event, settled)) return;
    session.untake(seq);
    line.overflowed = true;
    onTrouble("more arrives than can be stored");
    shard.destroy({ code: resumeLater, recover: WebSocketShardDestroyRecovery.Resume }).catch(() => {});
  }
}

function growing(tries: number, maxMs: number): number {
  return tries === 0 ? 0 : Math.min(pauseMs * 2 ** tries, maxMs) * (0.5 + Math.random() / 2);
}

function shardOptions({ token, gateway, intents }: Reception): FetchingStrategyOptions {
  const {
    compression,
    encoding,
    identifyProperties,
    largeThreshold,
    initialPresence,
    useIdentifyCompression,
    version,
  } = DefaultWebSocketManagerOptions;
  return {
    compression,
    encoding,
    identifyProperties,
    largeThreshold,
    initialPresence,
    useIdentifyCompression,
    version,
    handshakeTimeout: 10_000,
    // Longer than the handshake's: a socket that is given up before it is open would fail unheard, and end the process.
    helloTimeout: 20_000,
    readyTimeout: 15_000,
    token: token.reveal(),
    gatewayInformation: gateway,
    intents,
    shardCount: gateway.shards,
  };
}

function nameOf(error: Error | undefined): string {
  if (error && "code" in error) return String(error.code);
  return error?.name ?? "unknown";
}

/** https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes */
const fatalCodes: ReadonlySet<number> = new Set([4004, 4010, 4011, 4012, 4013, 4014]);
/** Ours, and unknown to Discord, which therefore keeps the session. */
const resumeLater = 4200;
/** No close frame came: the network broke. */
const abnormalClose = 1006;
const pauseMs = 500;
const resumePauseMsMax = 15_000;
/** Then they last the day, whatever happens: 864. */
const identifyPauseMsMax = 200_000;
/** A session that lived this long was a good one. */
const steadyMs = 10 * 60_000;
/** Then the gateway's own address is tried instead of the one for resuming. */
const resumeUrlTriesMax = 3;
const closeMsMax = 2_000;
