import type { PlaceRules } from "../../conversation/ports/place-settings.ts";
import type { KnownChannels } from "./known-channels.ts";

/** Where something was said or done, and by whom, as far as the event tells. */
export type Whereabouts = {
  readonly guildId: string;
  readonly channelId: string;
  readonly parentId?: string | undefined;
  readonly authorId: string;
  readonly roleIds?: readonly string[] | undefined;
};

/**
 * Whether the moderators of a server let it be answered. What they decided about and the event does not tell is asked for.
 *
 * @throws ChannelError retryable, when Discord does not tell for now
 */
export async function isWelcome(
  { channelIds, roleIds }: PlaceRules,
  at: Whereabouts,
  channels: Pick<KnownChannels, "above" | "rolesOf">,
): Promise<boolean> {
  if (channelIds && !(await isIn(channelIds, at, channels))) return false;
  if (!roleIds) return true;
  const theirs = at.roleIds ?? (await channels.rolesOf(at.guildId, at.authorId));
  return theirs.some((id) => roleIds.includes(id));
}

/** In one of the channels, or below one: in a thread of it, or of a channel of the category. */
async function isIn(
  channelIds: readonly string[],
  { channelId, parentId }: Whereabouts,
  channels: Pick<KnownChannels, "above">,
): Promise<boolean> {
  if (channelIds.includes(channelId) || (parentId !== undefined && channelIds.includes(parentId))) return true;
  return (await channels.above(channelId)).some((id) => channelIds.includes(id));
}
