import type { CommandWord } from "../domain/command.ts";

/** All commands, in the order in which help and the platforms' menus list them. */
export const commandWords = [
  { name: "help", summary: "What I can do" },
  { name: "model", summary: "Show or choose the AI model", argument: "NAME" },
  { name: "reset", summary: "Start a new conversation" },
  { name: "status", summary: "Model, messages and tokens of this conversation" },
  { name: "stop", summary: "Stop the answer that is being written" },
  { name: "start", summary: "Say hello" },
  { name: "new", summary: "The same as /reset" },
] as const satisfies readonly CommandWord[];
