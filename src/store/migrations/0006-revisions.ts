/** Messages that belong together are one turn; an answer takes the place of an earlier one; a person sees that a message is noted. */
export const revisions: readonly string[] = [
  // A turn that waits for its neighbours: which one, what they are called, and how long. Read and written under the room's lock.
  `alter table rooms add column join_key text, add column join_seq bigint, add column join_until timestamptz`,

  // joins_seq: of a message that belongs to the turn of this number. replaced_by: the turn whose reply stands where this one's stood.
  // question_id: the turn whose message this one answers, if it is not its own.
  `alter table turns add column joins_seq bigint, add column queued boolean not null default false,
    add column replaced_by bigint, add column question_id bigint`,
  `alter table turns drop constraint turns_state_check`,
  // Not validated: all that stands was checked by the narrower one, and nobody is to wait while years of turns are read.
  `alter table turns add constraint turns_state_check
    check (state in ('waiting', 'answered', 'delivered', 'parked', 'refused', 'joined')) not valid`,
  `create index turns_joined on turns (room_id, joins_seq) where joins_seq is not null`,
];
