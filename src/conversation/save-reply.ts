import { failpoint } from "./domain/failpoint.ts";
import type { FinalReply } from "./domain/reply.ts";
import type { Turn } from "./domain/turn.ts";
import type { HeldTurn } from "./hold-turns.ts";
import type { Gateway } from "./ports/gateway.ts";
import type { Answer } from "./ports/inbox.ts";
import { sessionKey } from "./ports/session-cache.ts";
import { persist } from "./persist.ts";

/**
 * Past here nothing is lost or paid for twice. `answer` is the model's part, which the conversation remembers;
 * without it the program itself has answered.
 *
 * @throws StoreError, LeaseLostError
 */
export async function saveReply(
  { turn, sending }: Pick<HeldTurn, "turn" | "sending">,
  reply: FinalReply,
  { channels, inbox, sessionCache, limits }: Pick<Gateway, "channels" | "inbox" | "sessionCache" | "limits">,
  answer?: Answer,
): Promise<Turn> {
  const savedAfter = channels.get(turn.message.channel)?.newest?.(turn);
  const saved: Turn = { ...turn, reply, ...(savedAfter !== undefined && { savedAfter }) };
  await persist(() => inbox.answered(saved, reply, answer), sending.signal, limits);
  failpoint("saved", turn.message);
  if (answer) await sessionCache.touch(sessionKey(turn.message));
  return saved;
}
