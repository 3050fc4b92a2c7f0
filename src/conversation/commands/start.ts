import { say } from "../domain/words/say.ts";
import type { CommandHandler } from "./command-handler.ts";

/** `/start`: the first thing that Telegram sends for a person. */
export const start: CommandHandler = {
  async run(_argument, { message }) {
    return say(message.language, `start.${message.audience}`, { name: message.author.name });
  },
};
