import { readSession } from "../begin-session.ts";
import { chooseModel } from "../choose-model.ts";
import type { CommandHandler } from "./command-handler.ts";
import { modelReasons } from "./model.ts";

/** `/status`: who answers, and what the conversation has come to. */
export const status: CommandHandler = {
  async run(_argument, { message }, gateway) {
    const session = await readSession(message, gateway);
    const { model, reason } = chooseModel(session, await gateway.house.model());
    const { messages, promptTokens, completionTokens, startedAtMs } = await gateway.sessions.tally(
      session.conversationId,
    );
    const since = new Date(startedAtMs).toISOString().slice(0, 16).replace("T", " ");
    return [
      `- Model: \`${model}\` (${modelReasons[reason]})`,
      `- Messages in this conversation: ${messages}`,
      `- Tokens: ${promptTokens + completionTokens} (${promptTokens} read, ${completionTokens} written)`,
      `- Since: ${since} UTC`,
    ].join("\n");
  },
};
