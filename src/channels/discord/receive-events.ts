import {
  type IContextFetchingStrategy,
  type FetchingStrategyOptions,
  type IIdentifyThrottler,
  type SessionInfo,
  DefaultWebSocketManagerOptions,
  WebSocketShard,
  WebSocketShardDestroyRecovery,
  WebSocketShardEvents,
} from "@discordjs/ws";
import { setTimeout as pause } from "node:timers/promises";
import type { APIGatewayBotInfo } from "discord-api-types/v10";
import type { Secret } from "../../secret.ts";
import { beginSession, type GatewaySession, type GatewaySessions } from "./gateway-sessions.ts";
import type { GatewayEvent } from "./read-message.ts";

/** What a shard needs to receive. */
export type Reception = {
  readonly token: Secret;
  readonly gateway: APIGatewayBotInfo;
  readonly intents: number;
  readonly sessions: GatewaySessions;
  readonly throttler: IIdentifyThrottler;
  /**
   * Takes over one event; `settled` is to be called once it is on disk.
   *
   * @returns false when there is no room: the connection closes, and resumes from the last settled event
   */
  readonly take: (event: GatewayEvent, settled: () => void) => boolean;
  /** Resolves when there is room again. */
  readonly room: () => Promise<void>;
  /** Told whenever it changes; undefined means connected. */
  readonly onTrouble: (shardId: number, reason: string | undefined) => void;
};

/**
 * Receives the events of one shard, in order, over as many connections as it takes, with growing pauses between them.
 * What was not settled when a connection ended is repeated on the next, as long as Discord keeps the session.
 *
 * @returns undefined when `signal` aborted, else the close code after which reconnecting is of no use
 */
export async function receiveEvents(
  shardId: number,
  reception: Reception,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { gateway, sessions, onTrouble } = reception;
  const line = { greeted: false, closeCode: 0, failures: 0, overflowed: false, error: "" };
  // What an earlier listener took and did not store is to come again.
  const earlier = sessions.get(shardId);
  if (earlier) earlier.takenSeq = earlier.storedSeq;
  const ended = Promise.withResolvers<number | undefined>();

  const shard = new WebSocketShard(
    {
      options: shardOptions(reception),
      waitForIdentify: (id, abort) => reception.throttler.waitForIdentify(id, abort),
      async retrieveSessionInfo() {
        // Asked before each connection too, which is where it can be held back.
        if (!line.greeted) await mayConnect();
        const session = sessions.get(shardId);
        return session ? resumable(session, line.failures > resumeUrlTriesMax ? gateway.url : undefined) : null;
      },
      updateSessionInfo(_, info) {
        if (info) keepSession(info);
        else if (!isStillResumable()) sessions.delete(shardId);
      },
    } satisfies IContextFetchingStrategy,
    shardId,
  );

  shard.on(WebSocketShardEvents.Hello, () => {
    line.greeted = true;
    line.overflowed = false;
    line.error = "";
    if (signal.aborted) shard.destroy({ code: resumeLater }).catch(() => {});
  });
  shard.on(WebSocketShardEvents.Ready, connected);
  shard.on(WebSocketShardEvents.Resumed, connected);
  shard.on(WebSocketShardEvents.Dispatch, ({ t, d, s }) => takeOver({ t, d }, s));
  shard.on(WebSocketShardEvents.Closed, (code) => {
    line.greeted = false;
    line.closeCode = code;
    onTrouble(shardId, line.error ? `Discord cannot be reached (${line.error})` : `the connection closed (${code})`);
    if (fatalCodes.has(code)) ended.resolve(code);
  });
  shard.on(WebSocketShardEvents.SocketError, (error) => {
    line.error = nameOf(error);
  });
  // Said by the close code as well; without a listener it would end the process.
  shard.on(WebSocketShardEvents.Error, () => {});

  const stop = () => ended.resolve(undefined);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  // Its promise waits for the first READY only, and rejects on fatal codes, which `ended` knows.
  else shard.connect().catch(() => {});

  try {
    return await ended.promise;
  } finally {
    signal.removeEventListener("abort", stop);
    // Not with 1000, which would end the session: what was not settled is still to be repeated.
    if (line.greeted)
      await Promise.race([shard.destroy({ code: resumeLater }), pause(closeMsMax, undefined, { ref: false })]);
  }

  /** Waits as long as it must. After the end it never resolves, which is how the library is kept from reconnecting. */
  async function mayConnect(): Promise<void> {
    const waitMs = Math.min(
      pauseMs * 2 ** line.failures,
      sessions.has(shardId) ? resumePauseMsMax : identifyPauseMsMax,
    );
    if (line.failures > 0) await pause(waitMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {});
    if (!signal.aborted) await reception.room();
    if (signal.aborted) return new Promise(() => {});
    line.failures += 1;
  }

  function connected(): void {
    line.failures = 0;
    onTrouble(shardId, undefined);
  }

  /** The library counts what it received; what counts here is what is on disk. */
  function keepSession(info: SessionInfo): void {
    const known = sessions.get(shardId);
    if (known?.info.sessionId === info.sessionId) return;
    const url = URL.canParse(info.resumeURL) ? info.resumeURL : gateway.url;
    sessions.set(shardId, beginSession({ ...info, resumeURL: url }));
  }

  /** The library gives a session up when it cannot connect, too; Discord still has it. */
  function isStillResumable(): boolean {
    return signal.aborted || (!line.greeted && (line.closeCode === abnormalClose || line.closeCode === resumeLater));
  }

  function takeOver(event: GatewayEvent, seq: number): void {
    const session = sessions.get(shardId);
    if (!session || signal.aborted || line.overflowed || seq <= session.takenSeq) return;
    const taken = reception.take(event, () => {
      session.storedSeq = Math.max(session.storedSeq, seq);
    });
    if (taken) {
      session.takenSeq = seq;
      return;
    }
    line.overflowed = true;
    onTrouble(shardId, "more arrives than can be stored");
    shard.destroy({ code: resumeLater, recover: WebSocketShardDestroyRecovery.Resume }).catch(() => {});
  }
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

function resumable({ info, storedSeq }: GatewaySession, url: string | undefined): SessionInfo {
  return { ...info, sequence: storedSeq, resumeURL: url ?? info.resumeURL };
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
/** 1,000 IDENTIFYs in a day, and Discord resets the token. */
const identifyPauseMsMax = 100_000;
/** Then the gateway's own address is tried instead of the one for resuming. */
const resumeUrlTriesMax = 3;
const closeMsMax = 2_000;
