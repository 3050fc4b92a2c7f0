import { failpoint } from "./domain/failpoint.ts";
import type { FinalReply } from "./domain/reply.ts";
import type { Turn } from "./domain/turn.ts";
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
  turn: Turn,
  reply: FinalReply,
  { inbox, sessionCache, limits }: Pick<Gateway, "inbox" | "sessionCache" | "limits">,
  answer?: Answer,
): Promise<Turn> {
  await persist(() => inbox.answered(turn, reply, answer), limits);
  failpoint("saved", turn.message);
  if (answer) await sessionCache.touch(sessionKey(turn.message));
  return { ...turn, reply };
}
