import type { ChannelMessage } from "../domain/message.ts";
import type { Turn } from "../domain/turn.ts";
import { say } from "../domain/words/say.ts";
import type { RoomAnswer, Revisions } from "../ports/revisions.ts";
import type { CommandHandler } from "./command-handler.ts";
import { isLatePress } from "./is-late-press.ts";
import { putIntoWords } from "./put-into-words.ts";

/** `/regenerate`: the room's last question is answered once more, in the place of its answer, for who asked it and who moderates. */
export const regenerate: CommandHandler = {
  async run(_argument, turn, gateway) {
    const { revisions } = gateway;
    const { author, language, moderates, id, address } = turn.message;
    if (await isLatePress(turn, gateway)) return "";
    const meant = await answerMeant(turn, revisions);
    if (meant && meant.askerId !== author.id && moderates === undefined) return say(language, "regenerate.notYours");
    const taken = meant && (await revisions.takeOver(turn, meant, "newest"));
    if (!taken || isBlank(taken.question)) return say(language, "regenerate.nothing");
    return { ask: { ...putIntoWords(taken.question), id, address }, shown: taken.shown };
  },
};

async function answerMeant(turn: Turn, revisions: Revisions): Promise<RoomAnswer | undefined> {
  const { about, author } = turn.message;
  if (about?.kind !== "pressed") return await revisions.newestAnswer(turn);
  return { turnId: about.turnId, askerId: author.id }; // who else may press, the channel has judged
}

/** It was taken back, or forgotten. */
function isBlank({ text, replyTo, forwarded, attachments }: ChannelMessage): boolean {
  return text === "" && !replyTo && !forwarded && !attachments;
}
