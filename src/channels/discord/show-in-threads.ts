import type { Reply } from "../../conversation/domain/reply.ts";
import type { Turn } from "../../conversation/domain/turn.ts";
import { sayFooter } from "../../conversation/domain/words/say-footer.ts";
import type { Channel } from "../../conversation/ports/channel.ts";
import type { DiscordAddress } from "./discord-address.ts";
import type { DiscordRest } from "./discord-rest.ts";
import { openThreads } from "./open-threads.ts";
import { DiscordRefusal, isArchived } from "./read-error.ts";

/** Shows a reply where it belongs: in the thread that is opened for it, in one that has gone to sleep, or where the question stands. */
export function showInThreads(rest: DiscordRest, show: Channel["show"]): Channel["show"] {
  const open = openThreads(rest);

  return (turn, reply, note, hold) => rest.whileHeld(hold, () => showThere(turn, reply, note, hold));

  async function showThere(...[turn, reply, note, hold]: Parameters<Channel["show"]>): Promise<readonly string[]> {
    const address = await open(turn.message, hold).catch((error: unknown) => {
      // The next draft comes soon; only a final text has to wait for its time.
      if (reply.end || !(error instanceof DiscordRefusal) || error.retryAfterMs === 0) throw error;
    });
    if (!address) return turn.shown;
    const placed = { ...turn, message: { ...turn.message, address } };
    const said = withNote(placed, address, reply);
    try {
      return await show(placed, said, note, hold);
    } catch (error) {
      if (!(error instanceof DiscordRefusal) || !isArchived(error)) throw error;
      hold.check();
      await rest.call("PATCH", `/channels/${address.channelId}`, { body: { archived: false } });
      return await show(placed, said, note, hold);
    }
  }
}

/** In the first answer of a thread in which the bot hears nobody who does not mention it. */
function withNote({ message }: Turn, address: DiscordAddress, reply: Reply): Reply {
  if (address.kind !== "message" || address.opensThread !== "deaf" || address.channelId !== address.messageId)
    return reply;
  if (!reply.end || reply.text === "") return reply;
  const footer = [reply.footer, sayFooter(message.language, "footers.mentionHere")].filter(Boolean).join("\n");
  return { ...reply, footer };
}
