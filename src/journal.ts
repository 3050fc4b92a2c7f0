import { pino } from "pino";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { LeaseLostError, StoreError } from "./conversation/domain/errors.ts";
import type { ChannelMessage } from "./conversation/domain/message.ts";
import type { Turn } from "./conversation/domain/turn.ts";
import type { Journal } from "./conversation/ports/journal.ts";
import { scrub } from "./scrub.ts";
import type { Secret } from "./secret.ts";

/** Where lines for operators go. */
export type Log = {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
};

export type JournalOptions = {
  readonly level: string;
  /** Lines for people instead of JSON. */
  readonly pretty: boolean;
  /** Values that are blotted out wherever they appear. */
  readonly secrets: readonly Secret[];
};

/** The one logger, the one registry of metrics, and the journal of the conversation that writes to both. */
export function openJournal({ level, pretty, secrets }: JournalOptions): {
  readonly log: Log;
  readonly journal: Journal;
  readonly metrics: { read(): Promise<{ contentType: string; body: string }> };
  /** Adds a figure that is read each time when the metrics are. */
  readonly measure: (figure: { readonly name: string; readonly help: string }, read: () => Promise<number>) => void;
} {
  const log = pino({
    level,
    base: null,
    errorKey: "error",
    serializers: { error: describeError },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    hooks: { streamWrite: scrub(secrets.map((secret) => secret.reveal())) },
    ...(pretty && {
      transport: { target: "pino-pretty", options: { ignore: "pid,hostname", translateTime: "HH:MM:ss" } },
    }),
  });
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return {
    log,
    journal: writeJournal(log, registry),
    metrics: { read: async () => ({ contentType: registry.contentType, body: await registry.metrics() }) },
    measure: (figure, read) => {
      const gauge: Gauge = new Gauge({
        ...figure,
        registers: [registry],
        collect: async () => gauge.set(await inTime(read())),
      });
    },
  };
}

const figureMsMax = 1_000;

/** The others must not wait for a figure that cannot be had: it is "not a number" then. */
async function inTime(figure: Promise<number>): Promise<number> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<number>((resolve) => (timer = setTimeout(resolve, figureMsMax, Number.NaN)));
  return await Promise.race([figure.catch(() => Number.NaN), late]).finally(() => clearTimeout(timer));
}

/** What an error says, not what hangs on it: libraries attach clients, requests and keys. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, stack, cause } = error;
  const code = "code" in error ? error.code : undefined;
  return { name, message, code, stack, ...(cause !== undefined && { cause: describeError(cause) }) };
}

function writeJournal(log: Log, registry: Registry): Journal {
  const registers = [registry];
  const messages = new Counter({
    name: "parley_messages_total",
    help: "Messages that arrived, by what became of them: kept, duplicate, refused",
    labelNames: ["channel", "outcome"],
    registers,
  });
  const turns = new Counter({
    name: "parley_turns_total",
    help: "Turns, by how an attempt at them ended: delivered, put_back, apologised, parked, lease_lost",
    labelNames: ["channel", "outcome"],
    registers,
  });
  const roomsShut = new Counter({
    name: "parley_rooms_shut_total",
    help: "Rooms that were found gone, or shut to the bot",
    labelNames: ["channel"],
    registers,
  });
  const unsettled = new Counter({
    name: "parley_unsettled_sends_total",
    help: "Parts that were sent again although an earlier sending may have arrived",
    labelNames: ["channel"],
    registers,
  });
  const failures = new Counter({
    name: "parley_failures_total",
    help: "Steps that failed and are tried again",
    labelNames: ["step"],
    registers,
  });
  const tokens = new Counter({
    name: "parley_tokens_total",
    help: "Tokens as the AI provider reports them",
    labelNames: ["model", "kind"],
    registers,
  });
  const aiSeconds = new Histogram({
    name: "parley_ai_seconds",
    help: "From the request to the last token",
    labelNames: ["model"],
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180],
    registers,
  });
  const replySeconds = new Histogram({
    name: "parley_reply_seconds",
    help: "From keeping a message to its whole reply in the room",
    labelNames: ["channel"],
    buckets: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800],
    registers,
  });
  const messageEnded = (outcome: string, { channel }: ChannelMessage) => messages.inc({ channel, outcome });
  const attemptEnded = (outcome: string, { message }: Turn) => turns.inc({ channel: message.channel, outcome });

  return {
    kept: (message) => messageEnded("kept", message),
    duplicate: (message) => messageEnded("duplicate", message),
    refused(message, reason) {
      messageEnded("refused", message);
      log.info({ ...placeOf(message), reason }, "refused a message");
    },
    answered(_turn, { model, latencyMs, promptTokens, completionTokens }) {
      aiSeconds.observe({ model }, latencyMs / 1_000);
      if (promptTokens) tokens.inc({ model, kind: "prompt" }, promptTokens);
      if (completionTokens) tokens.inc({ model, kind: "completion" }, completionTokens);
    },
    delivered(turn, { parts, sinceKeptMs }) {
      attemptEnded("delivered", turn);
      replySeconds.observe({ channel: turn.message.channel }, sinceKeptMs / 1_000);
      log.info({ ...turnOf(turn), parts, ms: Math.round(sinceKeptMs) }, "answered");
    },
    putBack(turn, { delayMs, reason }) {
      attemptEnded("put_back", turn);
      log.warn({ ...turnOf(turn), retryInMs: Math.round(delayMs), reason }, "could not answer yet");
    },
    apologised(turn, { reference, reason }) {
      attemptEnded("apologised", turn);
      log.error({ ...turnOf(turn), reference, reason }, "apologised instead of an answer");
    },
    parked(turn, { reason }) {
      attemptEnded("parked", turn);
      log.error({ ...turnOf(turn), reason }, "parked a turn: its reply could not be shown");
    },
    roomShut(message, { reason }) {
      roomsShut.inc({ channel: message.channel });
      log.warn({ ...placeOf(message), reason }, "a room is shut: what waits there is parked unasked");
    },
    leaseLost(turn) {
      attemptEnded("lease_lost", turn);
      log.warn(turnOf(turn), "another instance has taken over the turn");
    },
    forgot(message, holdings) {
      log.info({ ...placeOf(message), ...holdings }, "deleted what was kept of a person, as they asked");
    },
    unsettled({ channel, room }) {
      unsettled.inc({ channel });
      log.warn({ channel, room }, "sent a part again that may have arrived before: the room may show it twice");
    },
    failed(what, error) {
      failures.inc({ step: what });
      const expected = error instanceof StoreError || error instanceof LeaseLostError;
      log.warn({ error: expected ? error.message : error }, `failed: ${what}`);
    },
  };
}

function placeOf({ channel, room, id }: ChannelMessage): Record<string, unknown> {
  return { channel, room, message: id };
}

function turnOf({ id, attempt, message }: Turn): Record<string, unknown> {
  return { turn: id, attempt, ...placeOf(message) };
}
