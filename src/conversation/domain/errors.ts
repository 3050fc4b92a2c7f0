/** The world outside refused. Adapters translate every foreign error into one of these; nobody else catches. */
export class GatewayError extends Error {
  override name = "GatewayError";
  /** Whether the same call can succeed later. */
  readonly retryable: boolean;
  /** The least wait that the other side asked for. */
  readonly retryAfterMs: number;

  constructor(message: string, options: { retryable: boolean; retryAfterMs?: number; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.retryable = options.retryable;
    this.retryAfterMs = options.retryAfterMs ?? 0;
  }
}

/** A platform refused a message of ours, or cannot be reached. Its message tells an operator why. */
export class ChannelError extends GatewayError {
  override name = "ChannelError";
  /** The room takes nothing more from us, whatever it is: it is gone, or shuts the bot out. */
  readonly isShut: boolean;

  constructor(message: string, options: ChannelRefusal) {
    super(message, options);
    this.isShut = !options.retryable && options.isShut === true;
  }
}

export type ChannelRefusal =
  | { readonly retryable: true; readonly retryAfterMs?: number }
  | { readonly retryable: false; readonly isShut?: boolean };

/** The database is away, or refuses. What was not confirmed must be taken as not kept. Always retryable. */
export class StoreError extends GatewayError {
  override name = "StoreError";

  constructor(message: string, cause: unknown) {
    super(message, { retryable: true, retryAfterMs: 1_000, cause });
  }
}

/** The turn belongs to another worker now: whatever this one still wanted to write is void. */
export class LeaseLostError extends Error {
  override name = "LeaseLostError";
}

/** Others cannot see that we live, or could not since the turn was leased, so they may have it: we must not act on it until we know. */
export class LeaseUnsureError extends GatewayError {
  override name = "LeaseUnsureError";

  constructor(message: string) {
    super(message, { retryable: true });
  }
}

/** No model could answer. `kind` decides the words for the user; the message is for the operator and holds no secret. */
export class AiError extends GatewayError {
  override name = "AiError";
  readonly kind: AiFailure;

  constructor(kind: AiFailure, message: string, options: { retryAfterMs?: number; cause?: unknown } = {}) {
    super(message, { retryable: retryableFailures.has(kind), ...options });
    this.kind = kind;
  }
}

export type AiFailure =
  /** 5xx, refused or reset connections, an open breaker. */
  | "unavailable"
  /** Nothing came in time: connect, first token, idle or total. */
  | "timeout"
  /** The stream ended without its end, or was not one. */
  | "broken"
  /** 429 that passes by itself. */
  | "rate_limited"
  /** 429 or 402 that does not: the operator must pay or raise a limit. */
  | "quota"
  /** 401, 403. */
  | "unauthorized"
  /** 404, unknown_model. */
  | "unknown_model"
  /** 413, context_length_exceeded. */
  | "too_long"
  /** The provider will not answer this content. */
  | "refused"
  /** 410: the service is gone for good. */
  | "retired"
  /** Any other 4xx: the request is wrong, asking again does not help. */
  | "bad_request";

const retryableFailures: ReadonlySet<AiFailure> = new Set(["unavailable", "timeout", "broken", "rate_limited"]);
