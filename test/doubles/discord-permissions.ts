/** https://discord.com/developers/docs/topics/permissions#permissions-bitwise-permission-flags */
export const permissions = {
  addReactions: 1n << 6n,
  viewChannel: 1n << 10n,
  sendMessages: 1n << 11n,
  readMessageHistory: 1n << 16n,
  createPublicThreads: 1n << 35n,
  sendMessagesInThreads: 1n << 38n,
};
export type Permission = keyof typeof permissions;

/** For one role (type 0) or member (type 1) of a channel. Everyone is the role with the server's id. */
export type Overwrite = { readonly id: string; readonly type: 0 | 1; readonly allow: string; readonly deny: string };

/** What everyone may on the double's server: anything but administrate. */
export const everyonesPermissions = String(((1n << 50n) - 1n) & ~(1n << 3n));

/** Whom overwrites are for, the later over the earlier: everyone, the member's roles together, the member. */
export type Standing = { readonly guildId: string; readonly roleIds: readonly string[]; readonly memberId: string };

/** https://discord.com/developers/docs/topics/permissions#permission-overwrites */
export function isDenied(overwrites: readonly Overwrite[], permission: Permission, standing: Standing): boolean {
  const bit = permissions[permission];
  const layers = [[standing.guildId], standing.roleIds, [standing.memberId]];
  return layers.reduce((denied, ids) => {
    const layer = overwrites.filter(({ id }) => ids.includes(id));
    if (layer.some(({ allow }) => (BigInt(allow) & bit) !== 0n)) return false;
    return denied || layer.some(({ deny }) => (BigInt(deny) & bit) !== 0n);
  }, false);
}
