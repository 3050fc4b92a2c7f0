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

/** What is allowed and denied to the bot alone in a channel. */
export type Overwritten = {
  permission_overwrites: readonly {
    readonly id: string;
    readonly type: 1;
    readonly allow: string;
    readonly deny: string;
  }[];
};

/** What everyone may on the double's server: anything but administrate. */
export const everyonesPermissions = String(((1n << 50n) - 1n) & ~(1n << 3n));

/** What is denied to the bot in a channel, and so in its threads. */
export function isDenied({ permission_overwrites: overwrites }: Overwritten, permission: Permission): boolean {
  return overwrites.some(({ deny }) => (BigInt(deny) & permissions[permission]) !== 0n);
}
