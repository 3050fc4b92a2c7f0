/** What a person tells the model to be, in one conversation. The column `persona` stands since the first migration. */
export const instructions: readonly string[] = [
  `alter table conversations add column instructions text`,
  // For those who want to be forgotten; and for `/resume`, which lists a place's conversations.
  `create index messages_of_user on messages (user_id) where user_id is not null`,
  `create index conversations_of_scope on conversations (channel, scope, last_activity desc)`,
];
