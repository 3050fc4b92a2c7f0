import type { CommandHandler } from "./command-handler.ts";
import { commandWords } from "./command-words.ts";

/** `/help`: what can be said here. */
export const help: CommandHandler = {
  async run(_argument, { message }) {
    const lines = commandWords.map((word) => {
      const argument = "argument" in word ? ` ${word.argument}` : "";
      return `- \`/${word.name}${argument}\` ${word.summary}`;
    });
    const how =
      message.audience === "direct"
        ? "Just write to me, and I answer."
        : "Mention me or reply to one of my messages, and I answer. Everyone here shares one conversation with me.";
    return [how, lines.join("\n")].join("\n\n");
  },
};
