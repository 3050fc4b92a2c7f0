import { readSession } from "../begin-session.ts";
import { chooseModel } from "../choose-model.ts";
import { utcMinute } from "../domain/utc-minute.ts";
import { say } from "../domain/words/say.ts";
import type { CommandHandler } from "./command-handler.ts";

/** `/status`: who answers, and what the conversation has come to. */
export const status: CommandHandler = {
  async run(_argument, { message }, gateway) {
    const session = await readSession(message, gateway);
    const { model, reason } = chooseModel(session, await gateway.house.model());
    const { messages, promptTokens, completionTokens, startedAtMs } = await gateway.sessions.tally(
      session.conversationId,
    );
    const since = utcMinute(startedAtMs);
    const { language } = message;
    const total = promptTokens + completionTokens;
    return [
      say(language, "status.model", { model, reason: say(language, `reasons.${reason}`) }),
      say(language, "status.messages", { count: messages }),
      say(language, "status.tokens", { total, read: promptTokens, written: completionTokens }),
      say(language, "status.since", { time: since }),
    ]
      .map((line) => `- ${line}`)
      .join("\n");
  },
};
