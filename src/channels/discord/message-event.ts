import { z } from "zod";
import { member, user } from "./discord-user.ts";
import { snowflake } from "./snowflake.ts";

/** Discord leaves a list out where it could be empty, in references above all. */
const listOf = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);

/** https://discord.com/developers/docs/resources/message#attachment-object */
export const attachment = z.object({
  id: snowflake,
  filename: z.string(),
  content_type: z.string().nullish(),
  size: z.int().nonnegative().optional(),
  url: z.string(),
  /** Of voice messages only. */
  waveform: z.string().nullish(),
});

const content = z.object({
  content: z.string().default(""),
  mentions: listOf(user.extend({ member: member.optional() })),
  attachments: listOf(attachment),
  sticker_items: listOf(z.object({ id: snowflake, name: z.string() })),
  poll: z.object({ question: z.object({ text: z.string().nullish() }) }).nullish(),
  embeds: listOf(z.object({ title: z.string().nullish(), description: z.string().nullish() })),
});
export type Content = z.output<typeof content>;

/** What was passed on comes as a copy without its author. */
const withForwarded = content.extend({ message_snapshots: listOf(z.object({ message: content })) });

/** A message as the gateway and the history tell it; the history leaves the server and the member out. */
export const written = withForwarded.extend({
  id: snowflake,
  channel_id: snowflake,
  channel_type: z.number().optional(),
  guild_id: snowflake.optional(),
  webhook_id: snowflake.optional(),
  type: z.number(),
  author: user,
  member: member.extend({ roles: z.array(snowflake).optional() }).optional(),
  mention_roles: listOf(snowflake),
  mention_everyone: z.boolean().default(false),
  referenced_message: withForwarded.extend({ id: snowflake, channel_id: snowflake, author: user }).nullish(),
});
export type Written = z.output<typeof written>;

/** A change of what was written has a time; when only an embed was found or a thread was made, it has none, or that of an earlier one. */
export const changed = z.object({ edited_timestamp: z.iso.datetime({ offset: true }).nullish() });

export const removed = z.object({ id: snowflake, channel_id: snowflake });

export const removedTogether = z.object({ ids: z.array(snowflake), channel_id: snowflake });

/** https://discord.com/developers/docs/resources/message#message-object-message-types */
export const plainMessage = 0;
export const replyMessage = 19;
