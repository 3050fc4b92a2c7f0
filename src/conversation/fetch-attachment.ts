import { ChannelError, GatewayError } from "./domain/errors.ts";
import type { Attachment } from "./domain/message.ts";
import type { HeldTurn } from "./hold-turns.ts";
import type { Gateway } from "./ports/gateway.ts";

type Fetching = Pick<Gateway, "channels" | "limits">;

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

/** Whether a failure is worth another attempt at the whole turn: not for ever, for the person waits for an answer. */
export function isWorthWaiting(error: unknown, { ageMs }: Pick<HeldTurn, "ageMs">, { limits }: Fetching): boolean {
  return error instanceof GatewayError && error.retryable && ageMs() < limits.attachmentPatienceMs;
}
