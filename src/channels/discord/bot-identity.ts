/** Who we are on Discord. */
export type BotIdentity = {
  readonly botId: string;
  readonly applicationId: string;
  /** The roles that Discord made for this bot, one a server: mentioning one of them is mentioning the bot. */
  readonly roleIds: Pick<ReadonlySet<string>, "has">;
};
