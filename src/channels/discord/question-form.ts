import { say } from "../../conversation/domain/words/say.ts";

/** A form with one field, for a question about a message. https://discord.com/developers/docs/components/reference#label */
export function questionForm(targetId: string, language: string | undefined): object {
  const field = { type: textInput, style: paragraph, custom_id: "question", min_length: 1, max_length: charsMax };
  const label = say(language, "ask.question");
  return {
    custom_id: `${prefix}${targetId}`,
    title: say(language, "ask.title"),
    components: [{ type: labelled, label, component: { ...field, required: true } }],
  };
}

/** The message that a form asks about; undefined when it is none of ours. */
export function readFormId(customId: string): string | undefined {
  return customId.startsWith(prefix) ? customId.slice(prefix.length) : undefined;
}

const prefix = "ask:";
const textInput = 4;
const paragraph = 2;
const labelled = 18;
const charsMax = 4_000;
