import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import type { AiSettings } from "./ai/ai-settings.ts";
import { completeModels } from "./ai/complete-models.ts";
import { connectAi } from "./ai/connect-ai.ts";
import { findLocalServers } from "./ai/find-local-servers.ts";
import { armFailpoint } from "./arm-failpoint.ts";
import type { DiscordOptions } from "./channels/discord/discord-channel.ts";
import { sharePauses } from "./channels/share-pauses.ts";
import { terminalChannel } from "./channels/terminal/terminal-channel.ts";
import { webChatChannel } from "./channels/web-chat/web-chat-channel.ts";
import { type Config, ConfigError, readConfig } from "./config.ts";
import { acceptMessages } from "./conversation/accept-messages.ts";
import { commandWords, moderatorWord } from "./conversation/commands/command-words.ts";
import { type Limits, limits } from "./conversation/domain/limits.ts";
import { pause } from "./conversation/domain/pause.ts";
import type { Accept, Channel } from "./conversation/ports/channel.ts";
import type { Gateway } from "./conversation/ports/gateway.ts";
import type { Journal } from "./conversation/ports/journal.ts";
import type { ModelCatalogue } from "./conversation/ports/model-catalogue.ts";
import type { Wire } from "./conversation/ports/wire.ts";
import { workInbox, type WorkSignals } from "./conversation/work-inbox.ts";
import { documentReader } from "./documents/document-reader.ts";
import { greeting } from "./greeting.ts";
import { type Log, openJournal } from "./journal.ts";
import { readTurnsCommand, turnsUsage, UsageError } from "./operate/read-turns-command.ts";
import { Secret } from "./secret.ts";
import { StartError, startStep } from "./start-step.ts";
import { openStore, type Store } from "./store/open-store.ts";
import { checkDurability } from "./store/postgres/check-durability.ts";
import { connectPostgres } from "./store/postgres/connect-postgres.ts";
import { migrate } from "./store/postgres/migrate.ts";
import { postgresParkedTurns } from "./store/postgres/postgres-parked-turns.ts";
import type { Redis } from "./store/redis/connect-redis.ts";
import { type Supervised, supervise } from "./supervise.ts";
import { adminRoutes } from "./web/admin-routes.ts";
import type { Check } from "./web/health.ts";
import { type HttpServer, type HttpServerOptions, startHttpServer } from "./web/http-server.ts";

// The only plug: here alone both sides are known. The order of the start is that of the design's fourth diagram.

type Mode = "serve" | "chat";
type Report = (what: string, error: unknown) => void;
/** What is open, and how it is closed: the newest first. */
type Closing = (() => void | Promise<unknown>)[];
/** What the instances of one bot tell each other. */
type Share = <T>(open: (wire: Wire, bot: string, signal: AbortSignal) => T, channel: string, token: Secret) => T;
type Telling = { readonly log: Log; readonly report: Report };

const program = { name: "Parley", version: readVersion() };
/** How long a load balancer may take to see that an instance is not ready any more. Until then it is served. */
const noticeMs = 1_500;
/** How long what still hangs when all is closed may keep the process. */
const lingerMs = 1_000;

try {
  const [, , word, ...words] = process.argv;
  armFailpoint(process.env);
  if (word === "turns") await operateTurns(words);
  else await main(word === "chat" ? "chat" : "serve", readConfig(process.env));
} catch (error) {
  // These were written for whoever reads them; a stack would only hide the sentence.
  const isForPeople = error instanceof ConfigError || error instanceof StartError || error instanceof UsageError;
  console.error(isForPeople ? `\n${error.message}\n` : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

async function main(mode: Mode, config: Config): Promise<void> {
  const { log, journal, metrics, measure } = openJournal({
    level: mode === "chat" && config.LOG_LEVEL === "info" ? "error" : config.LOG_LEVEL,
    pretty: process.stdout.isTTY,
    secrets: Object.values(config).filter((value) => value instanceof Secret),
  });
  const report: Report = (what, error) => journal.failed(what, error);
  // What nobody awaits may still fail, inside a library for example; every message is on disk, so going on is right.
  process.on("unhandledRejection", (error) => report("something that nobody waited for", error));
  const signals = listenToSignals(config.DRAIN_SECONDS * 1_000, log);
  const closing: Closing = [];
  try {
    const { store, checks } = await openData(config, { log, report }, closing);
    measure({ name: "parley_turns_parked", help: "Turns that wait for an operator" }, store.parkedTurns.count);
    const web = mode === "serve" && config.WEB_CHAT === "on" ? webChat(config, store) : undefined;
    const catalogue = Promise.withResolvers<ModelCatalogue>();
    const channels = await openChannels(mode, config, web ? [web] : [], {
      log,
      report,
      journal,
      memory: store.receiverMemory,
      places: store.placeSettings,
      completeModel: async (typed) => completeModels(typed, await listNames(await catalogue.promise)),
      share: (open, channel, token) => open(store.wire, `${channel} ${token.fingerprint()}`, signals.holding),
    });
    const ai = await startStep(log, { name: "AI client", remedy: "Mend the AI settings." }, () =>
      connectAi(aiSettings(config), report),
    );
    catalogue.resolve(ai.models);
    for (const note of ai.notes) log.warn({}, note);
    if (!ai.transcriber) log.info({}, "Voice messages are not listened to: TRANSCRIPTION_BASE_URL turns it on");
    const gateway: Gateway = {
      ...store,
      channels,
      ai: ai.client,
      models: ai.models,
      ...(ai.transcriber && { transcriber: ai.transcriber }),
      documents: documentReader(),
      journal,
      house: {
        model: ai.defaultModel,
        instructions: config.SYSTEM_PROMPT,
        personas: config.PERSONAS ?? [],
        ...(config.PRIVACY_NOTE && { privacyNote: config.PRIVACY_NOTE }),
      },
      limits: limitsFrom(config),
    };

    const working = workInbox(gateway, signals);
    const supervised = startChannels(gateway, { store, log }, signals);
    if (mode === "serve") {
      const server = await serveHttp(config, { store, checks, channels, supervised, web, metrics, log });
      closing.push(async () => {
        await signals.noticed();
        await server.close();
      });
      signals.taking.addEventListener("abort", server.drain, { once: true });
      const localServers = ai.isDemo ? await findLocalServers() : [];
      console.log(greeting(config, { url: server.url, ai: ai.description, isDemo: ai.isDemo, localServers }));
    } else {
      console.log(`Talk to ${ai.description}. /help tells what else there is; Ctrl-D ends.\n`);
      void supervised.get("terminal")?.ended.then(signals.end);
    }
    await Promise.all([working, ...[...supervised.values()].map(({ ended }) => ended)]);
  } finally {
    if (!signals.taking.aborted) signals.end(); // again would mean: at once, without telling the load balancer
    for (const close of closing.toReversed())
      await Promise.resolve(close()).catch((error: unknown) => report("closing", error));
    log.info({}, "stopped");
    setTimeout(() => process.exit(), lingerMs).unref(); // a database that says nothing keeps its connections open
  }
}

async function listNames(models: ModelCatalogue): Promise<readonly string[]> {
  return (await models.list()).map(({ id }) => id);
}

type Serving = {
  readonly store: Store;
  readonly checks: HttpServerOptions["checks"];
  readonly channels: ReadonlyMap<string, Channel>;
  readonly supervised: ReadonlyMap<string, Supervised>;
  readonly web: ReturnType<typeof webChat> | undefined;
  readonly metrics: Omit<NonNullable<HttpServerOptions["metrics"]>, "token">;
  readonly log: Log;
};

/** Everything that is reached by HTTP; what has a token is there only if its token is set. */
function serveHttp(
  config: Config,
  { store, checks, channels, supervised, web, metrics, log }: Serving,
): Promise<HttpServer> {
  const admin = config.ADMIN_TOKEN && adminRoutes({ token: config.ADMIN_TOKEN, turns: store.parkedTurns });
  return startStep(log, { name: "HTTP", remedy: "" }, () =>
    startHttpServer({
      host: config.HOST,
      port: config.PORT,
      version: program.version,
      checks,
      channels: supervised,
      webhooks: [...channels.values()].flatMap(({ webhook }) => webhook ?? []),
      routes: [...(web ? [web.routes] : []), ...(admin ? [admin] : [])],
      ...(config.METRICS_TOKEN && { metrics: { token: config.METRICS_TOKEN, ...metrics } }),
      perMinute: config.HTTP_RATE_LIMIT_PER_MINUTE,
      ...(store.countHit && { sharedHits: store.countHit }),
      ...(config.TRUST_PROXY && { trustProxy: config.TRUST_PROXY }),
      log,
    }),
  );
}

/** `parley turns …`, beside the instances that run: on the same database, which is all that they share. */
async function operateTurns(words: readonly string[]): Promise<void> {
  const command = readTurnsCommand(words);
  if (command.kind === "help") return console.log(turnsUsage);
  const config = readConfig(process.env);
  const silence: Log = { info() {}, warn() {}, error() {} };
  const closing: Closing = [];
  try {
    const url = config.DATABASE_URL ?? (await visitOwnPostgres(config, closing));
    const postgres = connectPostgres({ url, connectionsMax: 2, report() {} });
    closing.push(postgres.close);
    const outcome = await startStep(
      silence,
      { name: "the connection to the database", remedy: "Check DATABASE_URL." },
      async () => {
        const { runTurnsCommand } = await import("./operate/run-turns-command.ts");
        await migrate(postgres);
        return await runTurnsCommand(command, postgresParkedTurns(postgres));
      },
    );
    console[outcome.kind === "done" ? "log" : "error"](outcome.text);
    process.exitCode = outcome.kind === "done" ? 0 : 1;
  } finally {
    for (const close of closing.toReversed()) await close();
  }
}

async function visitOwnPostgres({ DATA_DIR: dataDir }: Config, closing: Closing): Promise<Secret> {
  const { visitEmbeddedPostgres } = await import("./store/embedded/visit-embedded-postgres.ts");
  const server = await visitEmbeddedPostgres({ dataDir, log() {} }).catch((error: unknown) => {
    throw new StartError(error instanceof Error ? error.message : String(error), { cause: error });
  });
  closing.push(server.stop);
  return new Secret(server.url);
}

/** The truth and the cache, connected, migrated and answering. */
async function openData(
  config: Config,
  { log, report }: Telling,
  closing: Closing,
): Promise<{ store: Store; checks: { database: Check; redis: Check } }> {
  const url = config.DATABASE_URL ?? (await startOwnPostgres(config, log, closing));
  const postgres = connectPostgres({ url, connectionsMax: config.DATABASE_POOL, report });
  closing.push(postgres.close);
  await startStep(
    log,
    { name: "database", remedy: "Check DATABASE_URL, and that PostgreSQL runs there and lets this machine in." },
    postgres.ping,
  );
  await startStep(
    log,
    { name: "migrations", remedy: "The database was left as it was. Its user must own the schema." },
    () => migrate(postgres),
  );
  await checkDurability(postgres).then(
    (warnings) => warnings.forEach((warning) => log.warn({}, warning)),
    (error: unknown) => report("reading the settings of PostgreSQL", error),
  );

  const redis = config.REDIS_URL && (await openRedis(config.REDIS_URL, { log, report }, closing));
  const store = await openStore({
    postgres,
    ...(redis && { redis }),
    isShared: config.DATABASE_URL !== undefined,
    sessionTtlMs: config.SESSION_TTL_SECONDS * 1_000,
    messagesPerMinute: config.RATE_LIMIT_PER_MINUTE,
    report,
  });
  closing.push(store.close);
  return { store, checks: { database: postgres.ping, redis: redis ? redis.ping : async () => {} } };
}

async function startOwnPostgres(config: Config, log: Log, closing: Closing): Promise<Secret> {
  const { startEmbeddedPostgres } = await import("./store/embedded/embedded-postgres.ts");
  const remedy = "Or set DATABASE_URL to a PostgreSQL of your own.";
  const server = await startStep(log, { name: "embedded PostgreSQL", remedy }, () =>
    startEmbeddedPostgres({ dataDir: config.DATA_DIR, log: (sentence) => log.info({}, sentence) }),
  );
  closing.push(server.stop);
  return new Secret(server.url);
}

/** Redis may be away: then everything is slower, and /health says so. */
async function openRedis(url: Secret, { log, report }: Telling, closing: Closing): Promise<Redis> {
  const { connectRedis } = await import("./store/redis/connect-redis.ts");
  const redis = await startStep(log, { name: "Redis", remedy: "Check REDIS_URL." }, () => connectRedis(url, report));
  closing.push(redis.close);
  await redis
    .ping()
    .catch((error: unknown) =>
      log.warn({ reason: String(error) }, "Redis does not answer; Parley goes on without it until it does"),
    );
  return redis;
}

function webChat(config: Config, { transcripts, wire }: Store) {
  const access = config.WEB_ACCESS_TOKEN && { accessToken: config.WEB_ACCESS_TOKEN };
  return webChatChannel({ transcripts, wire, commands: commandWords, program, ...access });
}

/** Those that are configured; a platform's libraries are loaded only for it. */
async function openChannels(
  mode: Mode,
  config: Config,
  channels: Channel[],
  {
    log,
    report,
    memory,
    places,
    completeModel,
    journal,
    share,
  }: Telling &
    Pick<DiscordOptions, "memory" | "places" | "completeModel"> & {
      readonly journal: Journal;
      readonly share: Share;
    },
): Promise<Map<string, Channel>> {
  const commands = commandWords;
  const settling = (channel: string) => ({
    settle: config.SETTLE_SENDS === "on",
    onUnsettled: ({ room }: { readonly room: string }) => journal.unsettled({ channel, room }),
  });
  if (mode === "chat") {
    const { locale: language } = new Intl.DateTimeFormat().resolvedOptions(); // from LC_ALL, LANG or the system
    const { username: userName } = userInfo();
    channels.push(terminalChannel({ input: process.stdin, output: process.stdout, userName, language }));
    return byName(channels);
  }
  if (config.DISCORD_TOKEN) {
    const { discordChannel } = await import("./channels/discord/discord-channel.ts");
    const { DISCORD_TOKEN: token, DISCORD_API_BASE: apiBase } = config;
    const pauses = share(sharePauses, "discord", token);
    const needs = { commands, moderatorWord, completeModel, memory, places, pauses, report };
    channels.push(discordChannel({ token, apiBase, ...needs, ...settling("discord") }));
  } else log.info({}, "Discord is off: DISCORD_TOKEN turns it on");
  if (config.TELEGRAM_TOKEN) {
    const { telegramChannel } = await import("./channels/telegram/telegram-channel.ts");
    const { shareWrites } = await import("./channels/telegram/share-writes.ts");
    const { deriveWebhookSecret } = await import("./channels/telegram/derive-webhook-secret.ts");
    const secret = config.TELEGRAM_WEBHOOK_SECRET ?? deriveWebhookSecret(config.TELEGRAM_TOKEN);
    const webhook = config.TELEGRAM_WEBHOOK_URL && { webhook: { url: config.TELEGRAM_WEBHOOK_URL, secret } };
    channels.push(
      telegramChannel({
        token: config.TELEGRAM_TOKEN,
        apiRoot: config.TELEGRAM_API_ROOT,
        commands,
        pauses: share(sharePauses, "telegram", config.TELEGRAM_TOKEN),
        writes: share(shareWrites, "telegram", config.TELEGRAM_TOKEN),
        report,
        inline: config.TELEGRAM_INLINE === "on",
        guests: config.TELEGRAM_GUESTS === "on",
        ...webhook,
        ...settling("telegram"),
      }),
    );
  } else log.info({}, "Telegram is off: TELEGRAM_TOKEN turns it on");
  return byName(channels);
}

function byName(channels: readonly Channel[]): Map<string, Channel> {
  return new Map(channels.map((channel) => [channel.name, channel]));
}

/** All at once; one that fails leaves the others running. */
function startChannels(
  gateway: Gateway,
  { store, log }: { store: Store; log: Log },
  signals: WorkSignals,
): Map<string, Supervised> {
  const accept: Accept = (messages) => acceptMessages(messages, gateway);
  const started = [...gateway.channels.values()].map(
    (channel) => [channel.name, supervise(channel, { accept, leases: store.leases, log }, signals)] as const,
  );
  return new Map(started);
}

function aiSettings(config: Config): AiSettings {
  return {
    provider: config.AI_PROVIDER,
    baseUrl: config.AI_BASE_URL,
    apiKey: config.AI_API_KEY,
    keys: {
      openai: config.OPENAI_API_KEY,
      anthropic: config.ANTHROPIC_API_KEY,
      google: config.GOOGLE_API_KEY,
      groq: config.GROQ_API_KEY,
      openrouter: config.OPENROUTER_API_KEY,
      mistral: config.MISTRAL_API_KEY,
      azure: config.AZURE_OPENAI_API_KEY,
      github: config.GITHUB_TOKEN,
    },
    defaultModel: config.DEFAULT_MODEL,
    fallbackModels: config.AI_FALLBACK_MODELS,
    aliases: config.MODEL_ALIASES,
    transcription: {
      baseUrl: config.TRANSCRIPTION_BASE_URL,
      apiKey: config.TRANSCRIPTION_API_KEY,
      model: config.TRANSCRIPTION_MODEL,
    },
    firstTokenMs: config.AI_FIRST_TOKEN_TIMEOUT_SECONDS && config.AI_FIRST_TOKEN_TIMEOUT_SECONDS * 1_000,
  };
}

function limitsFrom(config: Config): Limits {
  return {
    ...limits,
    turnsAtOnceMax: config.TURNS_AT_ONCE,
    patienceMs: config.AI_PATIENCE_SECONDS * 1_000,
    contextMessagesMax: config.CONTEXT_MESSAGES,
    contextTokensMax: config.CONTEXT_TOKENS,
    replyTokensMax: config.REPLY_TOKENS,
  };
}

/**
 * SIGTERM or SIGINT ends the receiving; what runs may finish within `drainMs`, then it is handed back to whoever comes next. A second
 * signal hands back at once.
 */
function listenToSignals(drainMs: number, log: Log): WorkSignals & { end(): void; noticed(): Promise<void> } {
  let noticedAtMs = 0;
  const [taking, holding] = [new AbortController(), new AbortController()];
  const end = () => {
    if (taking.signal.aborted) return holding.abort("shutdown");
    taking.abort("shutdown");
    setTimeout(() => holding.abort("shutdown"), drainMs).unref();
  };
  for (const name of ["SIGINT", "SIGTERM"] as const)
    process.on(name, () => {
      log.info({ signal: name }, "stopping: running answers are finished first");
      if (name === "SIGTERM" && !taking.signal.aborted) noticedAtMs = performance.now() + noticeMs;
      end();
    });
  const noticed = () => pause(Math.max(0, noticedAtMs - performance.now()), holding.signal);
  return { taking: taking.signal, holding: holding.signal, end, noticed };
}

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return version;
}
