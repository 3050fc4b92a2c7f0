import { say } from "../domain/words/say.ts";
import type { CommandHandler } from "./command-handler.ts";

/**
 * `/stop`: the stopping was done when the message was kept, ahead of its turn; here only the words are left. The button needs none,
 * also when it came too late: the answer above it shows how it ended, and keeps the newest buttons.
 */
export const stop: CommandHandler = {
  async run(_argument, { message, stoppedTurn }) {
    if (message.about?.kind === "pressed") return "";
    return say(message.language, stoppedTurn ? "stop.done" : "stop.nothing");
  },
};
