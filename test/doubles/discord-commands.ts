import { type Answer, invalid } from "./discord-answers.ts";
import { refuseChoice } from "./discord-components.ts";
import { at, type Body, type Request, type Route } from "./discord-route.ts";
import type { DiscordWorld } from "./discord-world.ts";

/** The application's registered commands. https://discord.com/developers/docs/interactions/application-commands */
export function discordCommands(world: () => DiscordWorld) {
  let commands: readonly Body[] = [];
  const path = at(String.raw`/applications/(\d+)/commands`);
  const routes: readonly Route[] = [
    { method: "GET", path, answer: getCommands, query: ["with_localizations"] },
    { method: "PUT", path, answer: putCommands },
  ];
  return { routes, list: () => commands, refuseUse };

  /** Why the client of a person would not let them do this; undefined when it would, and as long as nothing is registered. */
  function refuseUse({ type, name, options = [] }: Use, { context, permissions }: User): string | undefined {
    if (commands.length === 0) return undefined;
    const command = commands.find((one) => one["type"] === type && one["name"] === name);
    if (!command) return `there is no command ${name}`;
    const { contexts, default_member_permissions: needed } = command;
    if (Array.isArray(contexts) && !contexts.includes(context)) return `${name} is not offered here`;
    if (typeof needed === "string" && (BigInt(permissions) & BigInt(needed)) === 0n) return `${name} is for moderators`;
    return refuseChosen(options, command["options"]);
  }

  /** The dictionaries of translations are told only to who asks for them. */
  function getCommands({ query }: Request): Answer {
    const isFull = query["with_localizations"] === "true";
    return { status: 200, body: isFull ? commands : commands.map(withoutTranslations) };
  }

  function putCommands({ body }: Request): Answer {
    const list = Array.isArray(body["list"]) ? (body["list"] as Body[]) : [];
    const refusal = list.map(refuseCommand).find(Boolean);
    if (refusal) return refusal;
    if (list.filter(({ type }) => (type ?? 1) === 1).length > 100) return invalid("commands", "MAX_COMMANDS");
    if (list.filter(({ type }) => type === 3).length > 15) return invalid("commands", "MAX_COMMANDS");
    const names = list.map(({ type, name }) => JSON.stringify([type ?? 1, name]));
    if (new Set(names).size < names.length) return invalid("name", "APPLICATION_COMMANDS_DUPLICATE_NAME");
    commands = list.map((command) => ({
      id: world().snowflake(),
      application_id: world().applicationId,
      version: world().snowflake(),
      type: 1,
      nsfw: false,
      default_member_permissions: null,
      dm_permission: true,
      contexts: null,
      integration_types: [0],
      ...stored(command),
    }));
    return { status: 200, body: commands };
  }
}

export type Use = { readonly type: number; readonly name: string; readonly options?: readonly Body[] };

type User = { readonly context: number; readonly permissions: string };

function refuseChosen(chosen: readonly Body[], offered: unknown): string | undefined {
  const options = (offered ?? []) as readonly Body[];
  const missing = options.find(
    ({ name, required }) => required === true && !chosen.some((one) => one["name"] === name),
  );
  if (missing) return `${String(missing["name"])} must be filled in`;
  for (const { name, type, value, options: inside } of chosen) {
    const option = options.find((one) => one["name"] === name && one["type"] === type);
    if (!option) return `there is no option ${String(name)} of type ${String(type)}`;
    const choices = (option["choices"] ?? []) as readonly Body[];
    if (choices.length > 0 && !choices.some((one) => one["value"] === value))
      return `${String(name)} has no such choice`;
    const refusal = Array.isArray(inside) ? refuseChosen(inside as Body[], option["options"]) : undefined;
    if (refusal) return refusal;
  }
  return undefined;
}

/** What is empty or goes without saying is not stored. */
function stored(given: Body): Body {
  const kept = Object.entries(given).filter(([key, value]) => {
    if (key === "required" || key === "autocomplete") return value === true;
    return !(Array.isArray(value) && value.length === 0);
  });
  const options = given["options"];
  const nested = Array.isArray(options) && options.length > 0 ? { options: (options as Body[]).map(stored) } : {};
  return { ...Object.fromEntries(kept), ...nested };
}

function withoutTranslations(given: Body): Body {
  const { name_localizations: _, description_localizations: __, ...rest } = given;
  const inside = (key: string) =>
    Array.isArray(rest[key]) ? { [key]: (rest[key] as Body[]).map(withoutTranslations) } : {};
  return { ...rest, ...inside("options"), ...inside("choices") };
}

function refuseCommand(command: Body): Answer | undefined {
  const { type = 1, options = [], contexts, integration_types: installs, default_member_permissions: may } = command;
  if (type !== 1 && type !== 3) return undefined; // handed back as it was
  if (contexts !== undefined && !isSubset(contexts, [0, 1, 2])) return invalid("contexts", "BASE_TYPE_CHOICES");
  if (installs !== undefined && (!isSubset(installs, [0, 1]) || (installs as unknown[]).length === 0))
    return invalid("integration_types", "BASE_TYPE_CHOICES");
  if (may !== undefined && may !== null && !(typeof may === "string" && /^\d+$/.test(may)))
    return invalid("default_member_permissions", "NUMBER_TYPE_COERCE");
  const refusal = refuseNames(command, type === 3 ? anyName : slashName);
  if (refusal) return refusal;
  if (type === 3 && (command["description"] || (options as unknown[]).length > 0))
    return invalid("description", "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION");
  if (sizeOf(command) > 8_000) return invalid("commands", "APPLICATION_COMMAND_TOO_LARGE");
  return (type === 1 ? refuseDescription(command) : undefined) ?? refuseOptions(options);
}

function refuseOptions(given: unknown): Answer | undefined {
  const options = given as readonly Body[];
  if (!Array.isArray(given) || options.length > 25) return invalid("options", "BASE_TYPE_BAD_LENGTH");
  if (new Set(options.map(({ name }) => name)).size < options.length)
    return invalid("options", "APPLICATION_COMMAND_OPTIONS_NAME_INVALID");
  const firstFree = options.findIndex(({ required }) => required !== true);
  if (firstFree !== -1 && options.slice(firstFree).some(({ required }) => required === true))
    return invalid("options", "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID");
  const groups = options.filter(({ type }) => type === 1 || type === 2).length;
  if (groups > 0 && groups < options.length) return invalid("options", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID");
  return options.map(refuseOption).find(Boolean);
}

function refuseOption(option: Body): Answer | undefined {
  const { type, choices = [], autocomplete = false, options } = option;
  if (typeof type !== "number" || type < 1 || type > 11) return invalid("type", "BASE_TYPE_CHOICES");
  const refusal = refuseNames(option, slashName) ?? refuseDescription(option);
  if (refusal) return refusal;
  if (!Array.isArray(choices) || choices.length > 25) return invalid("choices", "BASE_TYPE_BAD_LENGTH");
  if (choices.length > 0 && (autocomplete === true || type !== 3)) return invalid("choices", "BASE_TYPE_CHOICES");
  if (autocomplete === true && type !== 3) return invalid("autocomplete", "BASE_TYPE_CHOICES");
  if (options !== undefined && type > 2) return invalid("options", "BASE_TYPE_CHOICES");
  return (choices as Body[]).map(refuseChoice).find(Boolean) ?? (options ? refuseOptions(options) : undefined);
}

function refuseNames({ name, name_localizations: names = {} }: Body, pattern: RegExp): Answer | undefined {
  const locales = names as Readonly<Record<string, unknown>>;
  if (!Object.keys(locales).every(isLocale)) return invalid("name_localizations", "BASE_TYPE_CHOICES");
  const all = [name, ...Object.values(locales)];
  const isGood = all.every((one) => typeof one === "string" && pattern.test(one) && one === one.trim());
  return isGood ? undefined : invalid("name", "APPLICATION_COMMAND_INVALID_NAME");
}

function refuseDescription({ description, description_localizations: given = {} }: Body): Answer | undefined {
  const locales = given as Readonly<Record<string, unknown>>;
  if (!Object.keys(locales).every(isLocale)) return invalid("description_localizations", "BASE_TYPE_CHOICES");
  const isGood = [description, ...Object.values(locales)].every(
    (one) => typeof one === "string" && one.length >= 1 && one.length <= 100,
  );
  return isGood ? undefined : invalid("description", "BASE_TYPE_BAD_LENGTH");
}

/** The letters of all names, descriptions and values; of translations the longest. */
function sizeOf({ name, description, value, name_localizations: names, ...rest }: Body): number {
  const own = longest(name, names) + longest(description, rest["description_localizations"]) + longest(value, {});
  const inside = [rest["options"], rest["choices"]].flatMap((list) => (Array.isArray(list) ? (list as Body[]) : []));
  return inside.reduce((sum, one) => sum + sizeOf(one), own);
}

function longest(text: unknown, translated: unknown): number {
  const all = [text, ...Object.values(translated ?? {})] as readonly unknown[];
  return Math.max(...all.map((one) => (typeof one === "string" ? one.length : 0)));
}

function isSubset(given: unknown, of: readonly number[]): boolean {
  return Array.isArray(given) && given.every((one) => of.includes(Number(one)));
}

function isLocale(locale: string): boolean {
  return locales.has(locale);
}

/** In lower case, where there is one. */
const slashName = /^(?!.*\p{Lu})[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$/u;
const anyName = /^.{1,32}$/u;
/** https://discord.com/developers/docs/reference#locales */
const locales = new Set(
  "id da de en-GB en-US es-ES es-419 fr hr it lt hu nl no pl pt-BR ro fi sv-SE vi tr cs el bg ru uk hi th zh-CN ja zh-TW ko".split(
    " ",
  ),
);
