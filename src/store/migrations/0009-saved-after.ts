/** Where a platform's counting of messages stood when a turn's reply was saved: what a crash hid of its sending is newer. */
export const savedAfter: readonly string[] = [`alter table turns add column saved_after text`];
