import type { CommandField, TranslatedCommandWord } from "../domain/command.ts";
import type { Key } from "../domain/words/catalogues.ts";
import { sayInAll } from "../domain/words/say-in-all.ts";

/** All commands, in the order in which help and the platforms' menus list them. */
export const commandWords: readonly TranslatedCommandWord[] = [
  wordOf("help"),
  { ...wordOf("model", "arguments.name"), fields: modelFields() },
  wordOf("reset"),
  wordOf("regenerate"),
  wordOf("continue"),
  wordOf("persona", "arguments.name"),
  wordOf("system", "arguments.text"),
  wordOf("resume"),
  wordOf("export", "arguments.format"),
  wordOf("status"),
  wordOf("stop"),
  wordOf("why"),
  wordOf("privacy"),
  wordOf("forget"),
  wordOf("start"),
  wordOf("new"),
];

type Name<Summary = Key> = Summary extends `commands.${infer Name}` ? Name : never;

function wordOf(name: Name, argument?: Key): TranslatedCommandWord {
  const summaryIn = sayInAll(`commands.${name}`);
  const word = { name, summary: summaryIn.en, summaryIn };
  if (argument === undefined) return word;
  const argumentIn = sayInAll(argument);
  return { ...word, argument: argumentIn.en, argumentIn };
}

/** `/model NAME --conversation` */
function modelFields(): readonly CommandField[] {
  const here = { labelIn: sayInAll("fields.scopeConversation"), text: "--conversation" };
  return [
    { name: "name", summaryIn: sayInAll("fields.model"), asks: { kind: "model" } },
    { name: "scope", summaryIn: sayInAll("fields.scope"), asks: { kind: "choice", choices: [here] } },
  ];
}
