import { ChannelError, GatewayError } from "./domain/errors.ts";
import type { Attachment } from "./domain/message.ts";
import type { HeldTurn } from "./hold-turns.ts";
import type { Gateway } from "./ports/gateway.ts";

type Fetching = Pick<Gateway, "channels" | "journal" | "limits">;

/**
 * What came with the turn's message, or with an earlier one of its conversation.
 *
 * @throws ChannelError, or why the turn is to be let go
 */
export async function fetchAttachment(
  attachment: Attachment,
  bytesMax: number,
  { turn, writing: { signal } }: HeldTurn,
  { channels, limits }: Fetching,
): Promise<Uint8Array> {
  const channel = channels.get(turn.message.channel);
  if (!channel?.fetch)
    throw new ChannelError("the channel cannot fetch what came with a message", { retryable: false });
  const late = AbortSignal.timeout(limits.fetchMsMax);
  try {
    return await channel.fetch(attachment, bytesMax, AbortSignal.any([signal, late]));
  } catch (error) {
    signal.throwIfAborted();
    if (!late.aborted) throw error;
    throw new ChannelError(`an attachment did not come within ${limits.fetchMsMax} ms`, { retryable: true });
  }
}

/**
 * Decides what becomes of an attachment that could not be had or understood. Here, and not where the turn is settled: a message can
 * be answered without it.
 *
 * @returns "failed", when it is to be answered so; operators are told why
 * @throws the error, when the whole turn is worth another attempt: not for ever, for the person waits; and what is no error of the world's
 */
export function giveUp(
  what: string,
  error: unknown,
  { triedMs }: Pick<HeldTurn, "triedMs">,
  { journal, limits }: Fetching,
): "failed" {
  const isOurs = !(error instanceof GatewayError);
  if (isOurs || (error.retryable && triedMs() < limits.attachmentPatienceMs)) throw error;
  journal.failed(what, error);
  return "failed";
}
