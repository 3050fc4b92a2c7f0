import type { CommandHandler } from "./command-handler.ts";
import { isLatePress } from "./is-late-press.ts";
import { putIntoWords } from "./put-into-words.ts";

/** `/continue`: the model goes on where its last answer ended. */
export const goOnWriting: CommandHandler = {
  async run(_argument, turn, gateway) {
    return (await isLatePress(turn, gateway)) ? "" : { ask: putIntoWords(turn.message) };
  },
};
