import { LRUCache } from "lru-cache";
import { GatewayError, StoreError } from "../../conversation/domain/errors.ts";
import { BadDeliveryError, type Channel, type Webhook } from "../../conversation/ports/channel.ts";
import { fetchFile } from "./fetch-file.ts";
import { inlineAddress } from "./inline-address.ts";
import { joinComments } from "./join-comments.ts";
import { keepWebhook } from "./keep-webhook.ts";
import { markMessages } from "./mark-messages.ts";
import { offerAnswer } from "./offer-answer.ts";
import { pause } from "../../conversation/domain/pause.ts";
import { pollUpdates } from "./poll-updates.ts";
import { fileIdOf } from "./read-attachment.ts";
import { presses } from "./presses.ts";
import { readInline } from "./read-inline.ts";
import { readMessage, type Self, sequelKey } from "./read-message.ts";
import { inlineShower } from "./show-inline.ts";
import { replyShower } from "./show-reply.ts";
import { telegramApi } from "./telegram-api.ts";
import type { Take, TelegramLink, TelegramOptions } from "./telegram-link.ts";
import { telegramTimings, type TelegramTimings } from "./telegram-timings.ts";
import { updateSchema, type TelegramUpdate } from "./update.ts";

const webhookPath = "/api/webhook/telegram";

/**
 * Telegram. Updates are confirmed only after `accept` has resolved: a poll by the next one's offset, a webhook delivery by
 * the 200. With a webhook every instance must `listen`, since any may be called; polling is for one instance at a time.
 */
export function telegramChannel(options: TelegramOptions, timings: TelegramTimings = telegramTimings): Channel {
  const { webhook, commands, report, inline = false, guests = false } = options;
  const api = telegramApi(options.token, options.apiRoot, timings);
  const buttons = presses(api, timings.pressMs);
  const shower = replyShower(api, options, timings);
  const showInline = inlineShower(api, options.pauses);
  const begun = new LRUCache<string, number>({ max: 1_000, ttl: timings.albumMs });
  const link: TelegramLink = {
    api,
    commands,
    report,
    inline,
    guests,
    timings,
    begun,
    health: { state: "connecting", reason: "starting" },
  };
  /** Takes webhook deliveries, once we know who we are. */
  let open = Promise.withResolvers<(update: TelegramUpdate) => Promise<void>>();

  return {
    name: "telegram",
    refuses: "in-room",
    receivesAlone: webhook === undefined,
    editIntervalMs: (message) => (inlineAddress(message) ? timings.groupEditMs : shower.editIntervalMs(message)),

    show(turn, reply, note, hold) {
      const address = inlineAddress(turn.message);
      return address ? showInline(turn, address, reply, hold) : shower.show(turn, reply, note, hold);
    },

    newest: (turn) => (inlineAddress(turn.message) ? undefined : shower.newest(turn)),
    mark: markMessages(api, options.pauses),
    health: () => link.health,

    fetch: (attachment, bytesMax, signal) =>
      fetchFile(
        { api, token: options.token, apiRoot: options.apiRoot, fileMs: timings.fileMs },
        fileIdOf(attachment),
        bytesMax,
        signal,
      ),

    async listen(accept, signal) {
      const take: Take = async (updates, self) => {
        for (const update of updates) shower.learn(update);
        const permitted = await buttons.permitted(updates);
        const messages = permitted.flatMap((update) => {
          const message = readMessage(update, self, Date.now()) ?? readInline(update, self, Date.now());
          const sequel = message && update.message && sequelKey(update.message);
          if (sequel && update.message) begun.set(sequel, update.message.date);
          return message ?? [];
        });
        if (messages.length > 0) await accept(joinComments(messages));
        buttons.end(permitted);
        for (const { inline_query: query } of updates)
          if (query) offerAnswer(api, self, query).catch((error: unknown) => report("offering an answer", error));
      };
      const meet = (self: Self) => open.resolve((update) => take([update], self));
      try {
        await persist(
          webhook
            ? keepWebhook(link, { url: urlOf(webhook.url), secretToken: webhook.secret.reveal() }, meet, signal)
            : pollUpdates(link, take, signal),
          link,
          signal,
        );
      } catch (error) {
        link.health = { state: "failed", reason: error instanceof Error ? error.message : String(error) };
        throw error;
      } finally {
        // On the way out deliveries are taken as long as they come: another instance answers them.
        if (!signal.aborted) open = Promise.withResolvers();
      }
    },

    ...(webhook && {
      webhook: {
        path: webhookPath,
        isAuthentic: (headers) => {
          const given = headers["x-telegram-bot-api-secret-token"];
          return typeof given === "string" && webhook.secret.equals(given);
        },
        receive: async (body) => {
          const parsed = updateSchema.safeParse(body);
          if (!parsed.success) throw new BadDeliveryError("The body is not an update of the Telegram Bot API.");
          const takeOne = await soon(open.promise, timings.startMs);
          await takeOne(parsed.data);
        },
      } satisfies Webhook,
    }),
  };
}

function urlOf(base: string): string {
  return base.replace(/\/+$/, "") + webhookPath;
}

/**
 * Repeats `step` until aborted, after failures with growing pauses.
 *
 * @throws ChannelError when it can never work
 */
async function persist(step: () => Promise<void>, link: TelegramLink, signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted;) {
    try {
      await step();
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      const known = error instanceof GatewayError ? error : undefined;
      if (known?.retryable === false) throw known;
      link.report("receiving from Telegram", error);
      link.health = { state: "connecting", reason: known?.message ?? "an unexpected error" };
      await pause(Math.max(known?.retryAfterMs ?? 0, pauseMs(failures, link.timings)), signal);
      failures += 1;
    }
  }
}

/** With jitter, so that two pollers of one token do not collide for ever. */
function pauseMs(failures: number, { pauseMs, pauseMsMax }: TelegramTimings): number {
  return Math.min(pauseMsMax, pauseMs * 2 ** Math.min(failures, 16)) * (0.5 + Math.random() / 2);
}

/** @throws StoreError after `waitMs`: nothing was kept, Telegram must deliver again */
async function soon<T>(value: Promise<T>, waitMs: number): Promise<T> {
  const bound = new AbortController();
  try {
    const inTime = await Promise.race([value, pause(waitMs, bound.signal)]);
    if (inTime === undefined) throw new StoreError("This instance is not yet connected to Telegram", undefined);
    return inTime;
  } finally {
    bound.abort("in time");
  }
}
