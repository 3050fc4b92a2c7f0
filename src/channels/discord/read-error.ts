import { DiscordAPIError, HTTPError, RateLimitError } from "@discordjs/rest";
import { ChannelError, type ChannelRefusal } from "../../conversation/domain/errors.ts";

/** Discord refused a request, or did not answer. Its message says what to do, and holds neither token nor text. */
export class DiscordRefusal extends ChannelError {
  override name = "DiscordRefusal";
  /** Why Discord refused, by its own numbers; absent when it did not say. */
  readonly code?: number;

  constructor(message: string, options: ChannelRefusal & { readonly code?: number | undefined }) {
    super(message, options);
    if (options.code !== undefined) this.code = options.code;
  }
}

/**
 * Translates what `@discordjs/rest` throws. The original is not kept as the cause: it holds the request with its text,
 * and its address, in which an interaction's token stands.
 */
export function readError(error: unknown): DiscordRefusal {
  if (error instanceof DiscordRefusal) return error;
  if (error instanceof RateLimitError) return rateLimited(longestWaitMs(error));
  if (error instanceof HTTPError) return away(`It answered ${error.status}.`);
  if (error instanceof DiscordAPIError) return refused(error);
  if (!(error instanceof Error)) return away("");
  if (error.message.startsWith("Expected token")) return badToken();
  if (error.name === "AbortError" || error.message === "Request aborted manually") return away("No answer in time.");
  return away("code" in error ? String(error.code) : error.name);
}

/** What could not be changed because it is not there (any more). */
export function isGone({ code }: DiscordRefusal): boolean {
  return (
    code === unknownMessage || code === unknownWebhook || code === unknownInteraction || code === invalidWebhookToken
  );
}

/** The bot is not let in here; an interaction's token may still be. */
export function isShutOut({ code }: DiscordRefusal): boolean {
  return code === missingAccess || code === missingPermissions || code === unknownChannel;
}

/** The text itself was refused, as too long or malformed. */
export function isBadText({ code }: DiscordRefusal): boolean {
  return code === invalidBody || code === emptyMessage;
}

/** The interaction was answered before. */
export function isAnswered({ code }: DiscordRefusal): boolean {
  return code === alreadyAcknowledged;
}

/** The thread is there already. */
export function hasThread({ code }: DiscordRefusal): boolean {
  return code === threadExists;
}

/** The thread sleeps: a new message wakes it, but no edit does. */
export function isArchived({ code }: DiscordRefusal): boolean {
  return code === threadArchived;
}

/** The question cannot be referred to. */
export function isBadReference({ code }: DiscordRefusal): boolean {
  return code === cannotReplyWithoutHistory;
}

/** https://discord.com/developers/docs/topics/opcodes-and-status-codes#json */
const unknownChannel = 10_003;
const unknownMessage = 10_008;
const unknownWebhook = 10_015;
const unknownInteraction = 10_062;
const alreadyAcknowledged = 40_060;
const missingAccess = 50_001;
const emptyMessage = 50_006;
const cannotMessageUser = 50_007;
const missingPermissions = 50_013;
const invalidWebhookToken = 50_027;
const invalidBody = 50_035;
/** Asleep; a locked one cannot be woken. */
const threadArchived = 50_083;
const noMutualServer = 50_278;
const cannotReplyWithoutHistory = 160_002;
const threadExists = 160_004;

/** A message in the room is refused whatever it says. */
const shutCodes: ReadonlySet<number> = new Set([
  unknownChannel,
  missingAccess,
  cannotMessageUser,
  missingPermissions,
  threadArchived,
  noMutualServer,
]);

const remedies: ReadonlyMap<number, string> = new Map([
  [unknownChannel, "The channel is gone, or the bot was removed from its server."],
  [missingAccess, "The bot cannot see the channel. Give its role View Channel there."],
  [
    missingPermissions,
    "The bot may not write in the channel. Give its role Send Messages there (in threads: Send Messages in Threads).",
  ],
  [cannotMessageUser, "The person takes no direct messages from the bot."],
  [cannotReplyWithoutHistory, "The bot may not refer to the question. Give its role Read Message History there."],
  [threadArchived, "The thread is locked."],
  [noMutualServer, "The person shares no server with the bot any more."],
  [200_000, "The server's AutoMod blocked the message."],
  [40_001, "The bot is not authorised for this. Invite it again with the scopes bot and applications.commands."],
]);

function refused({ status, code, rawError }: DiscordAPIError): DiscordRefusal {
  if (status === 401) return badToken();
  if (status === 429) return rateLimited(1_000);
  const number = typeof code === "number" ? code : undefined;
  // Not Discord's words: a proxy's page.
  if (status === 408 || number === undefined) return away(`It answered ${status}.`);
  const said = "message" in rawError ? rawError.message : status;
  const remedy = remedies.get(number) ?? "";
  return new DiscordRefusal(`Discord refused (${status}, code ${code}: ${said}). ${remedy}`.trim(), {
    retryable: false,
    isShut: shutCodes.has(number),
    code: number,
  });
}

function rateLimited(retryAfterMs: number): DiscordRefusal {
  return new DiscordRefusal("Discord asks to slow down.", { retryable: true, retryAfterMs });
}

function longestWaitMs({ retryAfter, timeToReset, sublimitTimeout }: RateLimitError): number {
  return Math.ceil(Math.max(retryAfter, timeToReset, sublimitTimeout, 0));
}

function away(detail: string): DiscordRefusal {
  return new DiscordRefusal(`Discord cannot be reached. ${detail}`.trim(), { retryable: true });
}

/** After one 401 the REST client answers every request with this, for good. */
function badToken(): DiscordRefusal {
  return new DiscordRefusal(
    "Discord refuses the bot's token. Reset it in the developer portal (Bot, Reset Token), set DISCORD_TOKEN to the new one and start again.",
    { retryable: false },
  );
}
