import { GrammyError } from "grammy";
import { askTelegram } from "./ask-telegram.ts";
import { introduceBot } from "./introduce-bot.ts";
import type { Self } from "./read-message.ts";
import { updateKindsOf, type Take, type TelegramLink } from "./telegram-link.ts";
import { updateSchema, type TelegramUpdate } from "./update.ts";
import { signalOf } from "./signal-of.ts";

/**
 * Makes a poll to be repeated: it takes what waits, which the next one confirms by its offset. After a failed one the
 * same updates come again.
 */
export function pollUpdates(link: TelegramLink, take: Take, signal: AbortSignal): () => Promise<void> {
  const { api, timings } = link;
  let self: Self | undefined;
  let isWebhookGone = false;
  let offset: number | undefined;
  const noteWebhook = (error: unknown): never => {
    isWebhookGone &&= !tellsOfWebhook(error);
    throw error;
  };

  return async () => {
    self ??= await introduceBot(link);
    if (!isWebhookGone) await askTelegram(api.deleteWebhook({ drop_pending_updates: false })); // what waits for it is kept
    isWebhookGone = true;
    // The first poll after a failure does not wait, so that we know soon whether we are connected.
    const timeout = link.health.state === "connected" ? timings.pollSeconds : 0;
    const poll = { limit: 100, timeout, allowed_updates: updateKindsOf(link), ...(offset !== undefined && { offset }) };
    const updates = await askTelegram(api.getUpdates(poll, signalOf(signal)).catch(noteWebhook));
    link.health = { state: "connected" };
    await take(
      updates.flatMap((update) => readUpdate(update, link) ?? []),
      self,
    );
    // An empty answer has confirmed what came before. We go on without an offset, as ids restart at random after a quiet week.
    offset = updates.length === 0 ? undefined : Math.max(...updates.map(({ update_id }) => update_id)) + 1;
  };
}

/**
 * Telegram refuses polls while a webhook is set, and ends those under way when one is set: by an instance with the settings of before,
 * which a deploy has not reached yet.
 */
function tellsOfWebhook(error: unknown): boolean {
  return error instanceof GrammyError && error.error_code === 409 && /webhook/i.test(error.description);
}

/** An update that cannot be read must not hold up those behind it. */
function readUpdate(update: unknown, { report }: TelegramLink): TelegramUpdate | undefined {
  const parsed = updateSchema.safeParse(update);
  if (parsed.success) return parsed.data;
  report("reading an update of Telegram's, which is left out", parsed.error);
  return undefined;
}
