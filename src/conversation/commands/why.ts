import { readSession } from "../begin-session.ts";
import { chooseModel } from "../choose-model.ts";
import { say } from "../domain/words/say.ts";
import type { CommandHandler } from "./command-handler.ts";

/** `/why`: when the bot answers in this place and when it does not, and who answers. */
export const why: CommandHandler = {
  async run(_argument, { message }, gateway) {
    const { language } = message;
    const place = gateway.channels.get(message.channel)?.explain?.(message) ?? say(language, `why.${message.audience}`);
    const session = await readSession(message, gateway);
    const { model, reason } = chooseModel(session, await gateway.house.model());
    return [
      await place,
      say(language, "why.model", { model, reason: say(language, `reasons.${reason}`) }),
      say(language, "why.silence"),
    ].join("\n\n");
  },
};
