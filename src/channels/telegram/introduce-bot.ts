import { askTelegram } from "./ask-telegram.ts";
import type { Self } from "./read-message.ts";
import type { TelegramLink } from "./telegram-link.ts";

/**
 * Learns who we are, and shows the command menu; that one is not worth failing for.
 *
 * @throws ChannelError not retryable when the token is wrong
 */
export async function introduceBot(link: TelegramLink): Promise<Self> {
  const me = await askTelegram(link.api.getMe());
  await askTelegram(registerCommands(link)).catch((error: unknown) =>
    link.report("registering Telegram's command menu", error),
  );
  const commands = new Set(link.commands.map(({ name }) => name));
  return { id: me.id, username: me.username, name: me.first_name, commands };
}

async function registerCommands({ api, commands }: TelegramLink): Promise<void> {
  const wanted = commands
    .filter(({ name }) => /^[a-z0-9_]{1,32}$/.test(name))
    .map(({ name, summary }) => ({ command: name, description: summary.slice(0, 256) }));
  const known = (await api.getMyCommands({})).map(({ command, description }) => ({ command, description }));
  if (JSON.stringify(known) !== JSON.stringify(wanted)) await api.setMyCommands({ commands: wanted });
}
