import { say } from "../../conversation/domain/words/say.ts";
import type { DiscordRest } from "./discord-rest.ts";
import { isAnswered, isGone, readError } from "./read-error.ts";

/** An interaction that is over with its first answer: nothing of it is kept. */
export type AtOnce = {
  readonly kind: "refused-press";
  readonly id: string;
  readonly token: string;
  readonly language: string | undefined;
};

/** Answers within the three seconds that Discord gives. */
export function answerAtOnce(
  rest: DiscordRest,
  report: (what: string, error: unknown) => void,
): (asked: AtOnce) => Promise<void> {
  return async ({ id, token, language }) => {
    try {
      const body = {
        type: newMessage,
        data: { content: say(language, "refusals.press"), flags: ephemeral, allowed_mentions: { parse: [] } },
      };
      await rest.call("POST", `/interactions/${id}/${token}/callback`, { body, anonymous: true, once: true });
    } catch (error) {
      const refusal = readError(error);
      // One that comes again after a lost connection was answered then, or is too old.
      if (!isAnswered(refusal) && !isGone(refusal)) report("answering an interaction of Discord", refusal);
    }
  };
}

/** https://discord.com/developers/docs/interactions/receiving-and-responding */
const newMessage = 4;
const ephemeral = 1 << 6;
