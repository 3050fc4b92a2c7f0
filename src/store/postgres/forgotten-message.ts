/**
 * What stays of a turn's message when its author wants to be forgotten: what comes again is still known by its id. The place stays
 * too, though a private chat of Telegram is called like its person: after a lost session its channel reads from there on what was
 * missed, and knows its threads by it. Of the address goes what is a key to something, or names the person.
 */
export const forgottenMessage = `jsonb_build_object('channel', message->'channel', 'room', message->'room', 'id', message->'id',
      'author', '{"id": "forgotten", "name": "Forgotten"}'::jsonb, 'text', '', 'audience', message->'audience',
      'address', case when jsonb_typeof(message->'address') = 'object'
         then (message->'address') - 'aside' || case when (message->'address') ? 'token' then '{"token": ""}' else '{}' end::jsonb end,
      'sentAtMs', message->'sentAtMs')`;
