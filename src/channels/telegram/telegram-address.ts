import { z } from "zod";
import type { ChannelMessage } from "../../conversation/domain/message.ts";

/** Where an answer goes. */
export type TelegramAddress = {
  readonly chatId: number;
  /** The topic, if the chat has topics; 1 is the General one. */
  readonly threadId?: number | undefined;
  /** The message that is answered. Absent when Telegram did not name one. */
  readonly messageId?: number | undefined;
};

const addressSchema = z.object({ chatId: z.int(), threadId: z.int().optional(), messageId: z.int().optional() });

/** @throws ZodError when the message is not from this channel */
export function telegramAddress({ address }: Pick<ChannelMessage, "address">): TelegramAddress {
  return addressSchema.parse(address);
}
