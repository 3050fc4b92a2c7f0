import { GrammyError, HttpError } from "grammy";
import { ChannelError, type ChannelRefusal } from "../../conversation/domain/errors.ts";

/** What an error of the Bot API means for the one who called. */
export type Refusal =
  /** An edit that changes nothing, a removal of what is gone or must stay, a reaction to what is gone: nothing is left to do. */
  | { readonly kind: "already" }
  /** The message to edit is gone, too old or not ours: it must be sent anew. */
  | { readonly kind: "gone" }
  /** The message to edit is ours and shows a file, so it has no text. */
  | { readonly kind: "textless" }
  /** The formatting is refused, not the text. */
  | { readonly kind: "formatting" }
  /** The group became a supergroup and has this id now. */
  | { readonly kind: "moved"; readonly chatId: number }
  /** Another poller, or a webhook, receives the bot's updates. */
  | { readonly kind: "conflict"; readonly error: ChannelError }
  /** The token is not, or no longer, valid. */
  | { readonly kind: "unauthorized"; readonly error: ChannelError }
  /** Nobody said what became of the call: it may have been carried out. */
  | { readonly kind: "unheard"; readonly error: ChannelError }
  /** It was not carried out. */
  | { readonly kind: "failed"; readonly error: ChannelError };

/** Reads what a call of the Bot API threw. No error that comes of it holds the token or a message's text. */
export function readError(error: unknown): Refusal {
  if (error instanceof GrammyError) return readRefusal(error);
  if (error instanceof ChannelError) return { kind: "failed", error };
  const cause = error instanceof HttpError ? error.error : error;
  if (neverLeft(cause)) return failed(`Telegram cannot be reached (${words(cause)})`, { retryable: true });
  return unheard(`Telegram did not answer (${words(cause)})`);
}

/** The connection was not made, so nothing was sent on it. */
function neverLeft(error: unknown): boolean {
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : undefined;
  if (!(cause instanceof Error)) return false;
  const { code, syscall } = cause as NodeJS.ErrnoException;
  return syscall === "connect" || syscall === "getaddrinfo" || unconnected.has(code ?? "");
}

const unconnected: ReadonlySet<string> = new Set(["ECONNREFUSED", "UND_ERR_CONNECT_TIMEOUT"]);

/** Texts of the official server (tdlib/telegram-bot-api), which has no codes for them. */
function readRefusal({ method, error_code, description, parameters }: GrammyError): Refusal {
  const said = `Telegram refused ${method} (${error_code}: ${scrub(description)})`;
  if (parameters.migrate_to_chat_id !== undefined) return { kind: "moved", chatId: parameters.migrate_to_chat_id };
  switch (error_code) {
    case 400:
      return readBadRequest(said, description);
    case 401:
    case 404:
      return { kind: "unauthorized", error: tokenError(said) };
    case 409:
      return { kind: "conflict", error: new ChannelError(said, { retryable: true }) };
    case 429:
      return failed(said, { retryable: true, retryAfterMs: (parameters.retry_after ?? 1) * 1000 });
    case 403:
      return failed(said, { retryable: false, isShut: true });
    default:
      return error_code >= 500 ? unheard(said) : failed(said, { retryable: false });
  }
}

function readBadRequest(said: string, description: string): Refusal {
  if (/message is not modified|message to (?:delete|react) not found|message can't be deleted/i.test(description))
    return { kind: "already" };
  if (/message to edit not found|message can't be edited|MESSAGE_ID_INVALID/i.test(description))
    return { kind: "gone" };
  if (/no text in the message/i.test(description)) return { kind: "textless" };
  if (/entit(?:y|ies)/i.test(description)) return { kind: "formatting" };
  return failed(said, { retryable: false, isShut: shutWords.test(description) });
}

/** Chats and topics that are gone, or in which the bot may not write: the official server does not call all of them forbidden. */
const shutWords =
  /chat not found|message thread not found|(?:not enough|have no) rights to send|CHAT_WRITE_FORBIDDEN|TOPIC_(?:CLOSED|DELETED)|PEER_ID_INVALID/i;

function failed(message: string, options: ChannelRefusal): Refusal {
  return { kind: "failed", error: new ChannelError(message, options) };
}

function unheard(what: string): Refusal {
  const error = new ChannelError(`${what}. Whether the call arrived is not known.`, { retryable: true });
  return { kind: "unheard", error };
}

function tokenError(said: string): ChannelError {
  return new ChannelError(
    `${said}: the token is not valid. Copy it again from @BotFather (or let it make a new one with /revoke), set TELEGRAM_TOKEN and start again. Check TELEGRAM_API_ROOT too, if you set it.`,
    { retryable: false },
  );
}

/** What went wrong underneath: "TimeoutError: …", "fetch failed: ECONNRESET …". */
function words(error: unknown): string {
  if (!(error instanceof Error)) return scrub(String(error));
  const own = error.name === "Error" || error.name === "TypeError" ? error.message : `${error.name}: ${error.message}`;
  return scrub(error.cause instanceof Error ? `${own}: ${error.cause.message}` : own);
}

/** The token stands in every URL of the Bot API. */
function scrub(text: string): string {
  return text.replaceAll(/\d+:[\w-]{8,}/g, "[token]");
}
