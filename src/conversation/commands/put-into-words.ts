import { parseCommand } from "../domain/command.ts";
import type { ChannelMessage } from "../domain/message.ts";
import { say } from "../domain/words/say.ts";

/** What the model is asked by a message: its own words, or those that its command stands for. */
export function putIntoWords(message: ChannelMessage): ChannelMessage {
  if (parseCommand(message.text)?.name !== "continue") return message;
  return { ...message, text: say(message.language, "continue.prompt") };
}
