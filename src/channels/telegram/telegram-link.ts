import type { Api } from "grammy";
import type { TranslatedCommandWord } from "../../conversation/domain/command.ts";
import type { ChannelHealth } from "../../conversation/ports/channel.ts";
import type { Secret } from "../../secret.ts";
import type { Pauses } from "../share-pauses.ts";
import type { TelegramTimings } from "./telegram-timings.ts";
import type { Self } from "./read-message.ts";
import type { GroupWrites } from "./share-writes.ts";
import type { TelegramUpdate } from "./update.ts";

export type TelegramOptions = {
  readonly token: Secret;
  /** The Bot API's address, such as https://api.telegram.org. */
  readonly apiRoot: string;
  /** Present: Telegram calls `url` + "/api/webhook/telegram" and proves itself by `secret`. Absent: we poll. */
  readonly webhook?: { readonly url: string; readonly secret: Secret };
  /** What Telegram's command menu offers. */
  readonly commands: readonly TranslatedCommandWord[];
  /** The chats that Telegram wants left alone, as all instances know them. */
  readonly pauses: Pauses;
  /** What all instances have written to groups. */
  readonly writes: GroupWrites;
  /** Hears of what failed and is tried again. Gets no token and no message's text. */
  readonly report: (what: string, error: unknown) => void;
  /** Whether "@bot question" is answered in chats that we are no member of. Off unless it is true, as @BotFather has it. */
  readonly inline?: boolean;
  /** Whether we answer who calls us as a guest into such a chat. Off unless it is true, as @BotFather has it. */
  readonly guests?: boolean;
  /** Whether a message that may have arrived is looked for before it is sent again. On unless it is false. */
  readonly settle?: boolean;
  /** Hears of each message that was sent again although it may have arrived before, for the operators' count. */
  readonly onUnsettled?: (facts: { readonly room: string }) => void;
};

/** The one connection to Telegram, as its two ways of receiving share it. */
export type TelegramLink = Pick<TelegramOptions, "commands" | "report" | "inline" | "guests"> & {
  readonly api: Api["raw"];
  readonly timings: TelegramTimings;
  readonly begun: Self["begun"];
  /** Changes as the connection does. */
  health: ChannelHealth;
};

/** Keeps what the updates hold. When it resolves, they may be confirmed. */
export type Take = (updates: readonly TelegramUpdate[], self: Self) => Promise<void>;

/** The kinds of updates that we want: others are not even sent. */
export function updateKindsOf({ inline, guests }: Pick<TelegramOptions, "inline" | "guests">) {
  return [
    ...(["message", "edited_message", "callback_query", "stopped_message_generation"] as const),
    ...(inline ? (["inline_query", "chosen_inline_result"] as const) : []),
    ...(guests ? (["guest_message"] as const) : []),
  ];
}
