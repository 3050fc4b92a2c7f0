import { z } from "zod";
import type { ChannelMessage } from "../../conversation/domain/message.ts";

/** Where an answer goes in a chat that we are no member of: one message, that is edited. */
export type InlineAddress =
  /** The message that a person sent through us. `botName` is our user name. */
  | { readonly inlineMessageId: string; readonly botName: string }
  /** The query of a person who called us as a guest. It can be answered once, with a message. */
  | { readonly guestQueryId: string };

const addressSchema = z.union([
  z.object({ inlineMessageId: z.string(), botName: z.string() }),
  z.object({ guestQueryId: z.string() }),
]);

/** Undefined for a message of a chat that we are in. */
export function inlineAddress({ address }: Pick<ChannelMessage, "address">): InlineAddress | undefined {
  return addressSchema.safeParse(address).data;
}
