import type { ChannelMessage } from "./domain/message.ts";
import type { Mark } from "./ports/channel.ts";
import type { Gateway } from "./ports/gateway.ts";

type Marking = Pick<Gateway, "channels" | "inbox" | "journal">;

const markMsMax = 5_000;

/** Shows, or takes away, the sign that a message is noted while another one is answered. Nobody waits for it, and nothing depends on it. */
export function markMessage(message: ChannelMessage, mark: Mark, gateway: Marking): void {
  show(message, mark, gateway).catch((error: unknown) =>
    gateway.journal.failed("showing that a message is noted", error),
  );
}

/** Another instance may have answered before the sign came to stand there, and found none to take away. */
async function show(message: ChannelMessage, mark: Mark, { channels, inbox }: Marking): Promise<void> {
  const channel = channels.get(message.channel);
  if (!channel?.mark) return;
  await channel.mark(message, mark, AbortSignal.timeout(markMsMax));
  if (mark === "queued" && !(await inbox.awaits(message)))
    await channel.mark(message, "taken", AbortSignal.timeout(markMsMax));
}
