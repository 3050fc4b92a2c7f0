import type { PlaceRules } from "../../conversation/ports/place-settings.ts";

/** Where something was said or done, with the channels above, and by whom. */
export type Whereabouts = { readonly channelIds: readonly (string | undefined)[]; readonly roleIds: readonly string[] };

/** Whether the moderators of a server let it be answered. */
export function isWelcome({ channelIds, roleIds }: PlaceRules, at: Whereabouts): boolean {
  if (channelIds && !at.channelIds.some((id) => id !== undefined && channelIds.includes(id))) return false;
  return !roleIds || at.roleIds.some((id) => roleIds.includes(id));
}
