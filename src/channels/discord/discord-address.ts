import { z } from "zod";
import { ChannelError } from "../../conversation/domain/errors.ts";
import type { Json } from "../../conversation/domain/json.ts";

/** Where an answer goes. Kept with the message, so it must stay readable by later versions. */
export type DiscordAddress =
  | {
      readonly kind: "message";
      readonly channelId: string;
      readonly messageId: string;
      /** The server it stands in; absent outside of servers. */
      readonly guildId?: string;
      /**
       * The answer goes into a thread of its own, which has the message's id and is made when the answer comes. "deaf": the bot hears
       * nobody who does not mention it, there neither.
       */
      readonly opensThread?: "listening" | "deaf";
      /** Where the thread was opened, when the message stands in one of ours. */
      readonly parentId?: string;
    }
  | {
      readonly kind: "interaction";
      readonly id: string;
      readonly applicationId: string;
      /** Answers this one interaction, for `interactionLifeMs`. */
      readonly token: string;
      readonly channelId: string;
      readonly guildId?: string;
      /** For a press: the message with the button. Without it the interaction has an answer of its own, which says "thinking…" until it is filled. */
      readonly pressedId?: string;
      readonly aside?: Aside;
    };

/** Where the bot itself cannot write: only the token can, and after its end the person is answered directly. */
export type Aside = {
  readonly userId: string;
  /** Nobody else may see the answer. Without it, the bot is no member of the place. */
  readonly isPrivate: boolean;
};

export type InteractionAddress = Extract<DiscordAddress, { kind: "interaction" }>;

/** An interaction's token lives this long after the interaction was made, which is kept at once. */
const interactionLifeMs = 15 * 60_000;

/**
 * Reads the address of a message that this channel kept.
 *
 * @throws ChannelError not retryable
 */
export function readAddress(kept: Json): DiscordAddress {
  const address = findAddress(kept);
  if (address) return address;
  throw new ChannelError("The message has no Discord address: it was kept by another channel or version.", {
    retryable: false,
  });
}

/** As `readAddress`; undefined where nothing can be answered: another version kept the message, or forgot it. */
export function findAddress(kept: Json): DiscordAddress | undefined {
  return schema.safeParse(kept).data;
}

/** Whom to answer where the bot itself cannot write. */
export function asideOf(address: DiscordAddress): Aside | undefined {
  return address.kind === "interaction" ? address.aside : undefined;
}

/**
 * Whether it can be answered by the interaction's token, which needs no permission in the room.
 *
 * @param ageMs how long ago it was kept. When Discord says that it was made tells nothing: our clock may differ from Discord's
 */
export function tokenLives(address: DiscordAddress, ageMs: number): address is InteractionAddress {
  return address.kind === "interaction" && ageMs < interactionLifeMs - tokenMarginMs;
}

/** For what came late, and answers that take their time. */
const tokenMarginMs = 30_000;

const schema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("message"),
    channelId: z.string(),
    messageId: z.string(),
    guildId: z.string().exactOptional(),
    opensThread: z.enum(["listening", "deaf"]).exactOptional(),
    parentId: z.string().exactOptional(),
  }),
  z.object({
    kind: z.literal("interaction"),
    id: z.string(),
    applicationId: z.string(),
    token: z.string(),
    channelId: z.string(),
    guildId: z.string().exactOptional(),
    pressedId: z.string().exactOptional(),
    aside: z.object({ userId: z.string(), isPrivate: z.boolean() }).exactOptional(),
  }),
]);
