import { say } from "../domain/words/say.ts";
import type { CommandHandler } from "./command-handler.ts";

/** `/continue`: the model goes on where its last answer ended. */
export const goOnWriting: CommandHandler = {
  async run(_argument, { message }) {
    return { ask: { ...message, text: say(message.language, "continue.prompt") } };
  },
};
