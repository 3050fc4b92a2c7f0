import type { ChannelMessage } from "../domain/message.ts";
import { say } from "../domain/words/say.ts";
import type { CommandHandler } from "./command-handler.ts";
import { putIntoWords } from "./put-into-words.ts";

/** `/regenerate`: the room's last question is answered once more, in the place of its answer. */
export const regenerate: CommandHandler = {
  async run(_argument, turn, { revisions }) {
    const { about } = turn.message;
    const turnId = about?.kind === "pressed" ? about.turnId : await revisions.newestAnswer(turn);
    const taken = turnId === undefined ? undefined : await revisions.takeOver(turn, { turnId }, "newest");
    if (!taken || isBlank(taken.question)) return say(turn.message.language, "regenerate.nothing");
    const { id, address } = turn.message;
    return { ask: { ...putIntoWords(taken.question), id, address }, shown: taken.shown };
  },
};

/** It was taken back, or forgotten. */
function isBlank({ text, replyTo, forwarded, attachments }: ChannelMessage): boolean {
  return text === "" && !replyTo && !forwarded && !attachments;
}
