import { readSession } from "../begin-session.ts";
import { say } from "../domain/words/say.ts";
import type { CommandHandler } from "./command-handler.ts";

const charsMax = 2_000;

/** `/system TEXT`: what the person wants the model to be or do, in this conversation; `/system default` takes it back. */
export const system: CommandHandler = {
  async run(argument, { message }, gateway) {
    const { language } = message;
    if (argument.length > charsMax) return say(language, "system.tooLong", { count: charsMax });
    const { conversationId, instructions } = await readSession(message, gateway);
    if (argument === "") {
      if (!instructions) return say(language, "system.none");
      return say(language, "system.current", { quote: instructions.replace(/^/gm, "> ") });
    }
    const isTakenBack = argument.toLowerCase() === "default";
    await gateway.sessions.setInstructions(conversationId, isTakenBack ? undefined : argument);
    return say(language, isTakenBack ? "system.takenBack" : "system.set");
  },
};
