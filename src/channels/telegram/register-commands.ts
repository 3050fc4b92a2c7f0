import { type Language, languages } from "../../conversation/domain/words/catalogues.ts";
import { askTelegram } from "./ask-telegram.ts";
import type { TelegramLink } from "./telegram-link.ts";

/**
 * Shows the command menu, in each person's language, where it is not shown so already. Telegram takes the list of the kind of chat in
 * the person's language, then of the kind of chat in none, then the default ones; so each kind has a list in every language.
 *
 * @throws ChannelError
 */
export async function registerCommands(link: Pick<TelegramLink, "api" | "commands">): Promise<void> {
  await Promise.all(
    scopes.map(async (scope) => {
      for (const language of [undefined, ...languages]) await registerMenu(scope, language, link);
    }),
  );
}

const scopes = ["default", "all_private_chats", "all_group_chats"] as const;
/** What Telegram sends for a person who opens a private chat. */
const privateOnly: ReadonlySet<string> = new Set(["start"]);

/** @param language undefined: for everyone whose language has no list */
async function registerMenu(
  scope: (typeof scopes)[number],
  language: Language | undefined,
  { api, commands }: Pick<TelegramLink, "api" | "commands">,
): Promise<void> {
  const where = { scope: { type: scope }, ...(language !== undefined && { language_code: language }) };
  const wanted = commands
    .filter(({ name }) => /^[a-z0-9_]{1,32}$/.test(name) && (scope !== "all_group_chats" || !privateOnly.has(name)))
    .map(({ name, summary, summaryIn }) => ({
      command: name,
      description: (language === undefined ? summary : summaryIn[language]).slice(0, 256),
    }));
  const listed = await askTelegram(api.getMyCommands(where));
  const known = listed.map(({ command, description }) => ({ command, description }));
  if (JSON.stringify(known) !== JSON.stringify(wanted))
    await askTelegram(api.setMyCommands({ commands: wanted, ...where }));
}
