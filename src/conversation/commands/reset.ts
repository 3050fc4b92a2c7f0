import { readSession } from "../begin-session.ts";
import { say } from "../domain/words/say.ts";
import { sessionKey } from "../ports/session-cache.ts";
import type { CommandHandler } from "./command-handler.ts";

/** `/reset`: ends the conversation, which is kept but not read any more; the next message begins another. */
export const reset: CommandHandler = {
  async run(_argument, { message }, gateway) {
    const { conversationId } = await readSession(message, gateway);
    await gateway.sessions.deactivate(conversationId);
    await gateway.sessionCache.delete(sessionKey(message));
    return say(message.language, "reset.done");
  },
};
