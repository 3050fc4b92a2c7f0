import { say } from "../domain/words/say.ts";
import type { CommandHandler } from "./command-handler.ts";

/** `/start`: the first thing that Telegram sends for a person, with questions to begin with. */
export const start: CommandHandler = {
  async run(_argument, { message }) {
    const { language } = message;
    const examples = [1, 2, 3] as const;
    return {
      text: say(language, `start.${message.audience}`, { name: message.author.name }),
      buttons: examples.map((n) => say(language, `examples.${n}`)).map((text) => [{ label: text, command: text }]),
    };
  },
};
