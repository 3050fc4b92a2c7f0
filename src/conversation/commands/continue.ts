import type { CommandHandler } from "./command-handler.ts";
import { putIntoWords } from "./put-into-words.ts";

/** `/continue`: the model goes on where its last answer ended. */
export const goOnWriting: CommandHandler = {
  async run(_argument, { message }) {
    return { ask: putIntoWords(message) };
  },
};
