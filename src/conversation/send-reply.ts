import { ChannelError, LeaseUnsureError } from "./domain/errors.ts";
import { failpoint } from "./domain/failpoint.ts";
import type { Reply } from "./domain/reply.ts";
import type { Turn } from "./domain/turn.ts";
import type { HeldTurn } from "./hold-turns.ts";
import { persist } from "./persist.ts";
import type { Channel, Hold } from "./ports/channel.ts";
import type { Gateway } from "./ports/gateway.ts";

type Sending = Pick<Gateway, "channels" | "inbox" | "journal" | "limits">;

/**
 * Makes the room show the turn's saved reply, and ends the turn.
 *
 * @returns whether the room has another turn waiting
 * @throws ChannelError, StoreError, LeaseLostError, or the reason of the signal
 */
export async function sendReply({ turn, sending }: HeldTurn, gateway: Sending): Promise<boolean> {
  const { inbox, journal, limits } = gateway;
  if (!turn.reply) throw new Error("only a saved reply is sent");
  await sending.sure();
  failpoint("sending", turn.message);
  const note = async (shown: readonly string[]) => {
    failpoint("part-sent", turn.message);
    await persist(() => inbox.shown(turn, shown), sending.signal, limits);
    failpoint("part-noted", turn.message);
  };
  const parts = await channelOf(turn, gateway).show(turn, turn.reply, note, sending);
  failpoint("shown", turn.message);
  const more = await persist(() => inbox.delivered(turn, parts), sending.signal, limits);
  failpoint("delivered", turn.message);
  journal.delivered(turn, { parts: parts.length, sinceKeptMs: sending.ageMs() });
  return more;
}

/**
 * Shows what is written so far; an empty text means "typing". A draft that fails is forgotten: the next one carries its text too.
 *
 * @returns the turn with the parts that the room now shows
 */
export async function sendDraft(turn: Turn, draft: Reply, gateway: Sending, hold: Hold): Promise<Turn> {
  const { inbox, journal } = gateway;
  let shown = turn.shown;
  const note = async (parts: readonly string[]) => {
    if (parts.join() === shown.join()) return;
    shown = parts; // before it is written: what the room shows is so, whether we can save it or not
    failpoint("draft-sent", turn.message);
    await inbox.shown(turn, parts);
    failpoint("draft-noted", turn.message);
  };
  try {
    if (draft.text) failpoint("draft-due", turn.message);
    else failpoint("typing-due", turn.message);
    await note(await channelOf(turn, gateway).show(turn, draft, note, hold));
    if (!draft.text) failpoint("typing-shown", turn.message);
  } catch (error) {
    if (!hold.signal.aborted && !(error instanceof LeaseUnsureError)) journal.failed("showing a draft", error);
  }
  return shown === turn.shown ? turn : { ...turn, shown };
}

function channelOf({ message }: Turn, { channels }: Sending): Channel {
  const channel = channels.get(message.channel);
  if (!channel)
    throw new ChannelError(`the channel ${message.channel} is off; set its token to turn it on`, { retryable: true });
  return channel;
}
