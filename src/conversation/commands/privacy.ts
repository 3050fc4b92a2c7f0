import { say } from "../domain/words/say.ts";
import type { CommandHandler } from "./command-handler.ts";

/** `/privacy`: what is kept, who sees it, and how it is deleted; with the operator's own words, if there are any. */
export const privacy: CommandHandler = {
  async run(_argument, { message }, { house }) {
    return [say(message.language, "privacy.text"), house.privacyNote].filter(Boolean).join("\n\n");
  },
};
