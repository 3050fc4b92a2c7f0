import { askTelegram } from "./ask-telegram.ts";
import type { Self } from "./read-message.ts";
import { registerCommands } from "./register-commands.ts";
import type { TelegramLink } from "./telegram-link.ts";

/**
 * Learns who we are, and shows the command menu; that one is not worth failing for.
 *
 * @throws ChannelError not retryable when the token is wrong
 */
export async function introduceBot(link: TelegramLink): Promise<Self> {
  const me = await askTelegram(link.api.getMe());
  await registerCommands(link).catch((error: unknown) => link.report("registering Telegram's command menu", error));
  const off = [
    link.inline && !me.supports_inline_queries && "TELEGRAM_INLINE is on, but /setinline of @BotFather is not",
    link.guests && !me.supports_guest_queries && "TELEGRAM_GUESTS is on, but the bot’s guest mode at @BotFather is not",
  ];
  for (const why of off) if (why) link.report("answering in chats that the bot is no member of", new Error(why));
  const commands = new Set(link.commands.map(({ name }) => name));
  return { id: me.id, username: me.username, name: me.first_name, commands, begun: link.begun };
}
