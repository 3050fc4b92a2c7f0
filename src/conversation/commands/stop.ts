import type { CommandHandler } from "./command-handler.ts";

/** `/stop`: the stopping was done when the message was kept, ahead of its turn; here only the words are left. */
export const stop: CommandHandler = {
  async run(_argument, { stoppedTurn }) {
    return stoppedTurn ? "Stopped." : "There is nothing to stop: I am not writing an answer right now.";
  },
};
