import type { ChannelMessage } from "../../conversation/domain/message.ts";
import type { FinalReply } from "../../conversation/domain/reply.ts";
import type { TranscriptEntry, Transcripts } from "../../conversation/ports/transcripts.ts";
import type { Postgres, Statement } from "./connect-postgres.ts";

/** What a room has shown, read from its turns. */
export function postgresTranscripts({ query }: Postgres): Transcripts {
  return {
    async recent(channel, room, countMax, fromTurnId) {
      const rows = await query<Row>(recent, [channel, room, countMax, fromTurnId ?? 0]);
      return rows.toReversed().map((row) => ({
        turnId: row.id,
        message: row.message,
        keptAtMs: row.kept_at_ms,
        state: row.state,
        ...(row.reply && { reply: row.reply }),
      }));
    },
  };
}

type Row = {
  id: string;
  message: ChannelMessage;
  kept_at_ms: number;
  reply: FinalReply | null;
  state: TranscriptEntry["state"];
};

/** By the room's own numbers, which an index orders. */
const recent: Statement = {
  name: "recent-turns",
  text: `select turns.id, message, reply, state, (extract(epoch from kept_at) * 1000)::float8 as kept_at_ms
      from turns join rooms on rooms.id = turns.room_id
     where rooms.channel = $1 and rooms.room = $2 and turns.id >= $4
       and turns.state <> 'joined'
     order by turns.seq desc limit $3`,
};
