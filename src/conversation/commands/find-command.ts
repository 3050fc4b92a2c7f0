import { parseCommand } from "../domain/command.ts";
import { nearestWord } from "../domain/nearest-word.ts";
import type { ChannelMessage } from "../domain/message.ts";
import type { Turn } from "../domain/turn.ts";
import { say } from "../domain/words/say.ts";
import type { Gateway } from "../ports/gateway.ts";
import type { CommandHandler, CommandResult } from "./command-handler.ts";
import { goOnWriting } from "./continue.ts";
import { exportConversation } from "./export.ts";
import { forget } from "./forget.ts";
import { help } from "./help.ts";
import { model } from "./model.ts";
import { parley } from "./parley.ts";
import { persona } from "./persona.ts";
import { privacy } from "./privacy.ts";
import { regenerate } from "./regenerate.ts";
import { reset } from "./reset.ts";
import { resume } from "./resume.ts";
import { start } from "./start.ts";
import { status } from "./status.ts";
import { stop } from "./stop.ts";
import { system } from "./system.ts";
import { why } from "./why.ts";

const handlers: Readonly<Record<string, CommandHandler>> = {
  start,
  help,
  model,
  reset,
  new: reset,
  regenerate,
  continue: goOnWriting,
  persona,
  system,
  resume,
  export: exportConversation,
  status,
  stop,
  why,
  privacy,
  forget,
  parley,
};

type FoundCommand = {
  readonly isMenu?: true;
  run(turn: Turn, gateway: Gateway): Promise<CommandResult>;
};

/**
 * The command that a message gives, ready to run. A near miss asks back, and a message with nothing in it gets help. Undefined for what
 * is meant for the AI: ordinary text, a path, a slash word that is far from every command ("/shrug").
 */
export function findCommand(message: ChannelMessage): FoundCommand | undefined {
  const { text, attachments, forwarded, replyTo } = message;
  const brings = attachments ?? forwarded ?? replyTo;
  if (text.trim() === "") return brings ? undefined : { run: (turn, gateway) => help.run("", turn, gateway) };

  const command = parseCommand(text);
  if (!command) return undefined;
  const handler = Object.hasOwn(handlers, command.name) ? handlers[command.name] : undefined;
  if (handler)
    return {
      ...(handler.isMenu && command.argument !== "" && { isMenu: true }), // without an argument it opens the menu
      run: (turn, gateway) => handler.run(command.argument, turn, gateway),
    };

  const meant = nearestWord(command.name, Object.keys(handlers));
  if (meant === undefined) return undefined;
  return { run: async ({ message }) => say(message.language, "answers.nearMiss", { written: command.name, meant }) };
}
