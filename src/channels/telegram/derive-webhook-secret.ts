import { createHmac } from "node:crypto";
import { Secret } from "../../secret.ts";

/**
 * The secret that Telegram proves its deliveries by when the operator configured none: the same on every instance, and
 * of no use for guessing the bot's token. 64 of the characters that Telegram allows.
 */
export function deriveWebhookSecret(token: Secret): Secret {
  return new Secret(createHmac("sha256", token.reveal()).update("telegram webhook secret").digest("hex"));
}
