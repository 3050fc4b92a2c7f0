import type { CommandField, ModeratorWord, TranslatedCommandWord } from "../domain/command.ts";
import type { Key } from "../domain/words/catalogues.ts";
import { sayInAll } from "../domain/words/say-in-all.ts";

/** All commands, in the order in which help and the platforms' menus list them. */
export const commandWords: readonly TranslatedCommandWord[] = [
  wordOf("help"),
  { ...wordOf("model", "arguments.name"), fields: modelFields() },
  wordOf("reset"),
  wordOf("regenerate"),
  wordOf("continue"),
  { ...wordOf("persona", "arguments.name"), fields: [field("name", "fields.persona", { kind: "text" })] },
  { ...wordOf("system", "arguments.text"), fields: [field("text", "fields.system", { kind: "text" })] },
  wordOf("resume"),
  { ...wordOf("export", "arguments.format"), fields: [exportField()] },
  wordOf("status"),
  wordOf("stop"),
  wordOf("why"),
  wordOf("privacy"),
  wordOf("forget"),
  wordOf("start"),
  wordOf("new"),
];

/** What only those who moderate a place are offered, where there are such. */
export const moderatorWord: ModeratorWord = {
  name: "parley",
  summaryIn: sayInAll("parley.summary"),
  part: { name: "settings", summaryIn: sayInAll("parley.settings") },
  fields: [
    field("mode", "fields.mode", {
      kind: "choice",
      choices: [
        { labelIn: sayInAll("fields.modeThread"), text: "thread" },
        { labelIn: sayInAll("fields.modeReply"), text: "reply" },
        { labelIn: sayInAll("fields.modeSlash"), text: "slash" },
      ],
    }),
    field("add-channel", "fields.addChannel", { kind: "channel" }),
    field("remove-channel", "fields.removeChannel", { kind: "channel" }),
    field("add-role", "fields.addRole", { kind: "role" }),
    field("remove-role", "fields.removeRole", { kind: "role" }),
  ],
};

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
    field("name", "fields.model", { kind: "model" }),
    field("scope", "fields.scope", { kind: "choice", choices: [here] }),
  ];
}

/** `/export json` */
function exportField(): CommandField {
  const choices = [
    { labelIn: sayInAll("fields.formatMarkdown"), text: "md" },
    { labelIn: sayInAll("fields.formatJson"), text: "json" },
  ];
  return field("format", "fields.format", { kind: "choice", choices });
}

function field(name: string, summary: Key, asks: CommandField["asks"]): CommandField {
  return { name, summaryIn: sayInAll(summary), asks };
}
