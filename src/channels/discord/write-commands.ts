import type { CommandField, ModeratorWord, TranslatedCommandWord } from "../../conversation/domain/command.ts";
import { type Language, languages } from "../../conversation/domain/words/catalogues.ts";
import { sayInAll } from "../../conversation/domain/words/say-in-all.ts";

/** A command as it is registered with Discord: https://discord.com/developers/docs/interactions/application-commands */
export type DiscordCommand = {
  readonly type: number;
  readonly name: string;
  readonly description: string;
  readonly name_localizations?: Localizations;
  readonly description_localizations?: Localizations;
  readonly options?: readonly DiscordOption[];
  readonly integration_types: readonly number[];
  readonly contexts: readonly number[];
  /** What one must be allowed to do to see it, as a bit field. */
  readonly default_member_permissions?: string;
};

export type DiscordOption = {
  readonly type: number;
  readonly name: string;
  readonly description: string;
  readonly description_localizations?: Localizations;
  readonly required?: boolean;
  readonly autocomplete?: boolean;
  readonly options?: readonly DiscordOption[];
  readonly choices?: readonly {
    readonly name: string;
    readonly name_localizations: Localizations;
    readonly value: string;
  }[];
};

type Localizations = Readonly<Record<string, string>>;
type InAll = Readonly<Record<Language, string>>;

/** A question as a command: the way to ask where nothing else is heard, and to be answered unseen. */
export const chatCommand = { name: "chat", question: "question", file: "file", private: "private" } as const;

/** What Discord's menu shows of our commands, to each person in their language. */
export function writeCommands(
  words: readonly TranslatedCommandWord[],
  moderatorWord: ModeratorWord,
): readonly DiscordCommand[] {
  return [writeChat(), writeMenu(), ...words.map(writeCommand), writeModeratorCommand(moderatorWord)];
}

function writeChat(): DiscordCommand {
  const question = { type: textOption, name: chatCommand.question, ...described(sayInAll("chat.question")) };
  const file = { type: fileOption, name: chatCommand.file, ...described(sayInAll("chat.file")) };
  const isPrivate = { type: yesOrNoOption, name: chatCommand.private, ...described(sayInAll("chat.private")) };
  const options = [{ ...question, required: true }, file, isPrivate];
  return { type: chatInput, name: chatCommand.name, ...described(sayInAll("chat.summary")), options, ...everywhere };
}

/** In the menu of a message. */
function writeMenu(): DiscordCommand {
  const inAll = sayInAll("ask.menu");
  return {
    type: messageMenu,
    name: inAll.en,
    name_localizations: inLocales(inAll),
    description: "",
    ...everywhere,
  };
}

function writeCommand(word: TranslatedCommandWord): DiscordCommand {
  const { name, summaryIn } = word;
  return { type: chatInput, name, ...described(summaryIn), options: writeOptions(word), ...everywhere };
}

function writeModeratorCommand({ name, summaryIn, part, fields }: ModeratorWord): DiscordCommand {
  const options = [
    { type: subcommand, name: part.name, ...described(part.summaryIn), options: fields.map(writeField) },
  ];
  const inServers = { integration_types: [0], contexts: [0], default_member_permissions: String(manageServer) };
  return { type: chatInput, name, ...described(summaryIn), options, ...inServers };
}

function writeOptions({ fields, argumentIn }: TranslatedCommandWord): readonly DiscordOption[] {
  if (fields) return fields.map(writeField);
  return argumentIn ? [{ type: textOption, name: "text", ...described(argumentIn) }] : [];
}

function writeField({ name, summaryIn, asks }: CommandField): DiscordOption {
  const option = { type: textOption, name, ...described(summaryIn) };
  switch (asks.kind) {
    case "text":
      return option;
    case "model":
      return { ...option, autocomplete: true };
    case "channel":
      return { ...option, type: channelOption };
    case "role":
      return { ...option, type: roleOption };
    case "choice":
      return {
        ...option,
        choices: asks.choices.slice(0, choicesMax).map(({ labelIn, text }) => ({
          name: labelIn.en,
          name_localizations: inLocales(labelIn),
          value: text,
        })),
      };
  }
}

function described(inAll: InAll): { readonly description: string; readonly description_localizations: Localizations } {
  return { description: inAll.en, description_localizations: inLocales(inAll) };
}

/** English is what everybody else sees. */
function inLocales(inAll: InAll): Localizations {
  return Object.fromEntries(
    languages.flatMap((language) => localesOf[language].map((locale) => [locale, inAll[language]])),
  );
}

/** https://discord.com/developers/docs/reference#locales */
const localesOf: Readonly<Record<Language, readonly string[]>> = {
  en: [],
  de: ["de"],
  es: ["es-ES", "es-419"],
  fr: ["fr"],
  ja: ["ja"],
  zh: ["zh-CN", "zh-TW"],
};

const chatInput = 1;
const messageMenu = 3;
const textOption = 3;
const yesOrNoOption = 5;
const channelOption = 7;
const roleOption = 8;
const fileOption = 11;
const subcommand = 1;
const manageServer = 1 << 5;
const choicesMax = 25;
/** Installed for a server or for a person; in servers, with the bot, and between other people. */
const everywhere = { integration_types: [0, 1], contexts: [0, 1, 2] } as const;
