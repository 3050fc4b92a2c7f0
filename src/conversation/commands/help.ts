import { languageOf } from "../domain/words/language-of.ts";
import { say } from "../domain/words/say.ts";
import type { CommandHandler } from "./command-handler.ts";
import { commandWords } from "./command-words.ts";

/** `/help`: what can be said here. */
export const help: CommandHandler = {
  async run(_argument, { message }) {
    const language = languageOf(message.language);
    const lines = commandWords.map(({ name, summaryIn, argumentIn }) => {
      const argument = argumentIn ? ` ${argumentIn[language]}` : "";
      return `- \`/${name}${argument}\` ${summaryIn[language]}`;
    });
    return [say(language, `help.${message.audience}`), lines.join("\n")].join("\n\n");
  },
};
