import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { GatewayError } from "../conversation/domain/errors.ts";
import { BadDeliveryError } from "../conversation/ports/channel.ts";

/** A refusal with its status. The message is shown to whoever asked, so it says what to do. */
export class HttpError extends Error {
  override name = "HttpError";
  readonly status: number;
  /** For programs. */
  readonly error: string;
  /** 0: no word about it. */
  readonly retryAfterMs: number;

  constructor(status: number, error: string, message: string, retryAfterMs = 0) {
    super(message);
    this.status = status;
    this.error = error;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Answers whatever a route threw with JSON { error, message }: never a stack, never words that were not written for outside. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, error: name, message, retryAfterMs } = httpErrorOf(error, request.id);
  if (status === 500) request.log.error({ error, request: request.id }, "A request failed for no known reason");
  if (retryAfterMs > 0) reply.header("retry-after", Math.ceil(retryAfterMs / 1_000));
  return reply.code(status).send({ error: name, message, ...(retryAfterMs > 0 && { retryAfterMs }) });
}

function httpErrorOf(error: unknown, requestId: string): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof BadDeliveryError) return new HttpError(400, "bad_request", error.message);
  if (error instanceof GatewayError && error.retryable)
    return new HttpError(503, "unavailable", "Not now: try the same again in a moment.", error.retryAfterMs || 1_000);
  if (isFastifyError(error) && error.statusCode && error.statusCode < 500) return clientError(error, error.statusCode);
  return new HttpError(500, "internal", `That did not work, and the reason is in the log under ${requestId}.`);
}

function clientError({ code, message }: FastifyError, status: number): HttpError {
  if (status === 413) return new HttpError(413, "too_large", "The body is larger than 1 MiB. Send less.");
  if (status === 415)
    return new HttpError(415, "not_json", "The body must be JSON, with content-type: application/json.");
  if (code === "FST_ERR_CTP_EMPTY_JSON_BODY") return new HttpError(400, "bad_request", "The body is empty. Send JSON.");
  // The words of the JSON parser quote the body.
  if (code === "FST_ERR_CTP_INVALID_JSON_BODY" || code === undefined)
    return new HttpError(status, "bad_request", "The body is not valid JSON.");
  return new HttpError(status, "bad_request", `${message}.`);
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && "statusCode" in error;
}
