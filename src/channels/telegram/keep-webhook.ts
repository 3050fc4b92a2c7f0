import { askTelegram } from "./ask-telegram.ts";
import { introduceBot } from "./introduce-bot.ts";
import { pause } from "../../conversation/domain/pause.ts";
import type { Self } from "./read-message.ts";
import { updateKindsOf, type TelegramLink } from "./telegram-link.ts";

export type WebhookPlace = { readonly url: string; readonly secretToken: string };

/**
 * Makes a check to be repeated: that Telegram calls us at `url`, and nobody else. Registers the webhook where it does not.
 * Tells `meet` who we are before the first delivery can come of it.
 */
export function keepWebhook(
  link: TelegramLink,
  { url, secretToken }: WebhookPlace,
  meet: (self: Self) => void,
  signal: AbortSignal,
): () => Promise<void> {
  const { api, timings } = link;
  let self: Self | undefined;
  let isRegistered = false;

  return async () => {
    if (!self) meet((self = await introduceBot(link)));
    isRegistered &&= (await askTelegram(api.getWebhookInfo())).url === url;
    if (!isRegistered) {
      const registration = {
        url,
        secret_token: secretToken,
        allowed_updates: updateKindsOf(link),
        max_connections: 100,
      };
      await askTelegram(api.setWebhook(registration), hint);
    }
    isRegistered = true;
    link.health = { state: "connected" };
    await pause(timings.webhookCheckMs, signal);
  };
}

const hint = "Check TELEGRAM_WEBHOOK_URL: a public https address with port 443, 80, 88 or 8443.";
