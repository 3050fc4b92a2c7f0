import { z } from "zod";
import type { ChannelMessage } from "../../conversation/domain/message.ts";
import { type DiscordAddress, interactionLifeMs } from "./discord-address.ts";
import { clean, member, nameOf, user } from "./discord-user.ts";
import type { BotIdentity } from "./read-message.ts";
import { snowflake, snowflakeMs } from "./snowflake.ts";

/**
 * Reads our slash commands, as the text they stand for. Undefined for every other interaction.
 *
 * @throws ZodError when the event is not shaped as Discord documents it
 */
export function readInteraction(d: unknown, me: Pick<BotIdentity, "botId">): ChannelMessage | undefined {
  const event = interaction.parse(d);
  const user = event.member?.user ?? event.user;
  if (event.type !== applicationCommand || event.data?.type !== chatInput || !user || !event.channel_id)
    return undefined;

  const sentAtMs = snowflakeMs(event.id);
  const options = (event.data.options ?? []).flatMap(({ value }) => (value === undefined ? [] : String(value)));
  const address = {
    kind: "interaction",
    id: event.id,
    applicationId: event.application_id,
    token: event.token,
    channelId: event.channel_id,
    ...(event.guild_id && { guildId: event.guild_id }),
    expiresAtMs: sentAtMs + interactionLifeMs,
  } satisfies DiscordAddress;
  return {
    channel: "discord",
    room: `${me.botId}/${event.channel_id}`,
    id: `interaction:${event.id}`,
    author: { id: user.id, name: nameOf(user, event.member) },
    text: clean([`/${event.data.name}`, ...options].join(" ")),
    audience: isDirect(event) ? "direct" : "group",
    address,
    sentAtMs,
  };
}

/** Only the bot's own direct channel: a command can also be used in a group, or between two other people. */
function isDirect({ guild_id, context, channel }: Interaction): boolean {
  return !guild_id && (context === undefined || context === null ? channel?.type === directChannel : context === botDm);
}

const directChannel = 1;
const botDm = 1;
const applicationCommand = 2;
const chatInput = 1;

const interaction = z.object({
  id: snowflake,
  application_id: snowflake,
  type: z.number(),
  token: z.string(),
  guild_id: snowflake.optional(),
  channel_id: snowflake.optional(),
  channel: z.object({ type: z.number() }).optional(),
  context: z.number().nullish(),
  user: user.optional(),
  member: member.extend({ user }).optional(),
  data: z
    .object({
      type: z.number(),
      name: z.string(),
      options: z.array(z.object({ value: z.union([z.string(), z.number(), z.boolean()]).optional() })).nullish(),
    })
    .optional(),
});
type Interaction = z.output<typeof interaction>;
