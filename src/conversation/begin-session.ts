import { failpoint } from "./domain/failpoint.ts";
import type { ChannelMessage } from "./domain/message.ts";
import type { Session, SessionIds, Spoken } from "./domain/session.ts";
import type { Turn } from "./domain/turn.ts";
import type { Gateway } from "./ports/gateway.ts";
import { sessionKey } from "./ports/session-cache.ts";

type Opening = Pick<Gateway, "sessions" | "sessionCache" | "limits">;

/**
 * The SessionManager: who speaks, and what was said. Gets or creates user and conversation, saves what the message says to
 * the conversation (once a turn), and reads what was said before it.
 *
 * @throws StoreError
 */
export async function beginSession(turn: Turn, spoken: Spoken, gateway: Opening): Promise<Session> {
  const historyMax = gateway.limits.contextMessagesMax - 1; // the current message is one of them
  const session = await withIds(turn.message, gateway, (ids) => gateway.sessions.record(turn, spoken, ids, historyMax));
  failpoint("recorded", turn.message);
  return session;
}

/** The session of someone who gives a command: nothing is added to the conversation. */
export async function readSession(message: ChannelMessage, gateway: Opening): Promise<Session> {
  return await withIds(message, gateway, (ids) => gateway.sessions.read(message, ids));
}

/** What the cache says may be stale; `use` notices, and then the database is asked. */
async function withIds(
  message: ChannelMessage,
  { sessions, sessionCache }: Opening,
  use: (ids: SessionIds) => Promise<Session | undefined>,
): Promise<Session> {
  const key = sessionKey(message);
  const cached = await sessionCache.get(key);
  const session = cached && (await use(cached));
  if (session) return session;

  const ids = await sessions.open(message);
  failpoint("session-opened", message);
  await sessionCache.put(key, ids);
  failpoint("session-cached", message);
  const opened = await use(ids);
  if (!opened) throw new Error("the conversation ended while it was opened; the turn is tried again");
  return opened;
}
