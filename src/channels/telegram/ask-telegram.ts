import { ChannelError } from "../../conversation/domain/errors.ts";
import { readError } from "./read-error.ts";

/**
 * Waits for an answer of the Bot API.
 *
 * @param hint what the operator can do when it is refused; it is then worth asking again, as the cause may lie outside
 * @throws ChannelError for whatever the Bot API answered, or did not
 */
export async function askTelegram<T>(answer: Promise<T>, hint?: string): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const refusal = readError(error);
    if (!("error" in refusal))
      throw new ChannelError(`Telegram answered out of place (${refusal.kind})`, { retryable: true });
    if (hint === undefined || refusal.error.retryable) throw refusal.error;
    throw new ChannelError(`${refusal.error.message}. ${hint}`, { retryable: true });
  }
}
