import { codeOf } from "../domain/code-of.ts";
import type { ChannelMessage } from "../domain/message.ts";
import { referenceOf } from "../domain/reference.ts";
import { utcMinute } from "../domain/utc-minute.ts";
import { say } from "../domain/words/say.ts";
import type { Holdings } from "../ports/archive.ts";
import { sessionKey } from "../ports/session-cache.ts";
import type { CommandHandler } from "./command-handler.ts";

/** `/forget`: tells what is kept of the person, and asks. `/forget CODE`, which it says, deletes it, and tells what was deleted. */
export const forget: CommandHandler = {
  isMenu: true,
  async run(argument, turn, { archive, sessionCache, journal }) {
    const { message } = turn;
    const { language } = message;
    const code = confirmationOf(message);
    if (argument.toLowerCase() !== code) {
      const holdings = await archive.holdings(message);
      return {
        text: `${sayHoldings("forget.ask", holdings, language)}\n\n${say(language, "forget.how", { code })}`,
        buttons: [[{ label: say(language, "buttons.forget"), command: `/forget ${code}` }]],
      };
    }
    const deleted = await archive.forget(message);
    await sessionCache.delete(sessionKey(message));
    journal.forgot(message, deleted);
    const time = utcMinute(message.sentAtMs);
    const receipt = say(language, "forget.receipt", { reference: referenceOf(turn), time });
    return { text: `${sayHoldings("forget.done", deleted, language)}\n\n${receipt}`, forgets: true };
  },
};

/** Nobody writes it by accident. */
function confirmationOf({ channel, author }: ChannelMessage): string {
  return codeOf(`${channel}/${author.id}`).slice(0, 5);
}

function sayHoldings(key: "forget.ask" | "forget.done", holdings: Holdings, language: string | undefined): string {
  const { messages, answers, conversations, daysOfUsage } = holdings;
  return say(language, key, { messages, answers, conversations, days: daysOfUsage });
}
