import type { CommandHandler } from "./command-handler.ts";

/** `/start`: the first thing that Telegram sends for a person. */
export const start: CommandHandler = {
  async run(_argument, { message }) {
    const how =
      message.audience === "direct" ? "Ask me anything: just write." : "Mention me or reply to me, and I answer.";
    return `Hello ${message.author.name}! ${how}\n\nI remember what we say until you write \`/reset\`. More in \`/help\`.`;
  },
};
