import type { ChannelMessage } from "./domain/message.ts";
import type { Mark } from "./ports/channel.ts";
import type { Gateway } from "./ports/gateway.ts";

const markMsMax = 5_000;

/** Shows, or takes away, the sign that a message is noted while another one is answered. Nobody waits for it, and nothing depends on it. */
export function markMessage(
  message: ChannelMessage,
  mark: Mark,
  { channels, journal }: Pick<Gateway, "channels" | "journal">,
): void {
  const marking = channels.get(message.channel)?.mark?.(message, mark, AbortSignal.timeout(markMsMax));
  marking?.catch((error: unknown) => journal.failed("showing that a message is noted", error));
}
