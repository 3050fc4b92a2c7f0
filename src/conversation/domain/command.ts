import type { Language } from "./words/catalogues.ts";

/** What a person steers the assistant with, such as "/model gpt-5 --conversation". */
export type Command = { readonly name: string; readonly argument: string };

/** A command as help and the platforms' native menus show it, in English. */
export type CommandWord = {
  readonly name: string;
  /** At most 100 characters. */
  readonly summary: string;
  /** What may follow, as shown to people: "NAME". Absent when the command takes nothing. */
  readonly argument?: string;
};

/** And in every language, for menus that show each person theirs. */
export type TranslatedCommandWord = CommandWord & {
  readonly summaryIn: Readonly<Record<Language, string>>;
  readonly argumentIn?: Readonly<Record<Language, string>>;
  /** What a menu with fields asks for; what is chosen is written after the command, in any order. Absent: the argument as one text. */
  readonly fields?: readonly CommandField[];
};

/** What can be done with a command that is for those who moderate a place: its fields are written with their names, as "mode=reply". */
export type ModeratorWord = Pick<TranslatedCommandWord, "name" | "summaryIn"> & {
  /** The word after the command. */
  readonly part: { readonly name: string; readonly summaryIn: Readonly<Record<Language, string>> };
  readonly fields: readonly CommandField[];
};

export type CommandField = {
  /** Lower case, at most 32 characters. */
  readonly name: string;
  /** At most 100 characters in every language. */
  readonly summaryIn: Readonly<Record<Language, string>>;
  readonly asks: Asks;
};

export type Asks =
  | { readonly kind: "text" }
  /** The name of a model, completed while it is typed. */
  | { readonly kind: "model" }
  /** At most 25. */
  | { readonly kind: "choice"; readonly choices: readonly Choice[] }
  /** The platform's id of a channel, or of a role, of the place. */
  | { readonly kind: "channel" | "role" };

export type Choice = {
  readonly labelIn: Readonly<Record<Language, string>>;
  /** What is written for it. */
  readonly text: string;
};

/**
 * Reads "/model gpt-5" or "/model@our_bot gpt-5" as { name: "model", argument: "gpt-5" }. Undefined for text
 * that no command looks like: a path ("/etc/hosts"), several slashes, a slash alone.
 */
export function parseCommand(text: string): Command | undefined {
  const match = /^\/([a-z][a-z0-9_-]{0,31})(?:@\w+)?(?:\s+([\s\S]*))?$/i.exec(text.trim());
  if (!match) return undefined;
  const [, name = "", argument = ""] = match;
  return { name: name.toLowerCase(), argument: argument.trim() };
}
