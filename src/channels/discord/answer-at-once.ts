import { setTimeout as pause } from "node:timers/promises";
import { say } from "../../conversation/domain/words/say.ts";
import type { DiscordRest } from "./discord-rest.ts";
import { questionForm } from "./question-form.ts";
import { isAnswered, isGone, readError } from "./read-error.ts";

/** An interaction that is over with its first answer: nothing of it is kept. */
export type AtOnce = { readonly id: string; readonly token: string } & (
  | { readonly kind: "refused-press"; readonly language: string | undefined }
  /** Somebody types the name of a model. */
  | { readonly kind: "complete-model"; readonly typed: string }
  /** Somebody wants to ask about a message, told as Discord does. */
  | {
      readonly kind: "ask-about";
      readonly language: string | undefined;
      readonly targetId: string;
      readonly target: unknown;
    }
);

/** The models that somebody may be typing the name of, the likeliest first. */
export type CompleteModel = (typed: string) => Promise<readonly string[]>;

/** Answers within the three seconds that Discord gives. */
export function answerAtOnce(
  rest: DiscordRest,
  completeModel: CompleteModel,
  report: (what: string, error: unknown) => void,
): (asked: AtOnce) => Promise<void> {
  return async (asked) => {
    const { id, token } = asked;
    try {
      const body = await writeAnswer(asked);
      await rest.call("POST", `/interactions/${id}/${token}/callback`, { body, anonymous: true, once: true });
    } catch (error) {
      const refusal = readError(error);
      // One that comes again after a lost connection was answered then, or is too old.
      if (!isAnswered(refusal) && !isGone(refusal)) report("answering an interaction of Discord", refusal);
    }
  };

  async function writeAnswer(asked: AtOnce): Promise<unknown> {
    switch (asked.kind) {
      case "refused-press":
        return onlyForThem(say(asked.language, "refusals.press"));
      case "ask-about":
        return { type: modal, data: questionForm(asked.targetId, asked.language) };
      case "complete-model": {
        const names = await Promise.race([completeModel(asked.typed), pause(completeMsMax, [], { ref: false })]);
        const fitting = names.filter((name) => name.length <= choiceCharsMax).slice(0, choicesMax);
        return { type: choices, data: { choices: fitting.map((name) => ({ name, value: name })) } };
      }
    }
  }
}

function onlyForThem(content: string): unknown {
  return { type: newMessage, data: { content, flags: ephemeral, allowed_mentions: { parse: [] } } };
}

/** https://discord.com/developers/docs/interactions/receiving-and-responding */
const newMessage = 4;
const choices = 8;
const modal = 9;
const ephemeral = 1 << 6;
const choicesMax = 25;
const choiceCharsMax = 100;
/** The list of models may have to be fetched first. */
const completeMsMax = 2_000;
