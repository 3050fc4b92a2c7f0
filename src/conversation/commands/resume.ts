import type { ChannelMessage } from "../domain/message.ts";
import { say } from "../domain/words/say.ts";
import type { ConversationOverview } from "../ports/archive.ts";
import type { Gateway } from "../ports/gateway.ts";
import { sessionKey } from "../ports/session-cache.ts";
import { buttonLabel, buttonRows } from "./button-rows.ts";
import type { CommandHandler, CommandResult } from "./command-handler.ts";

const listedMax = 10;
const labelCharsMax = 18;

/** `/resume`: the place's last conversations. `/resume ID` goes on with one of them. */
export const resume: CommandHandler = {
  isMenu: true,
  async run(argument, { message }, gateway) {
    const listed = await gateway.archive.list(message, listedMax);
    if (argument === "") return offer(listed, message);
    if (!(await gateway.archive.reopen(message, argument))) return say(message.language, "resume.unknown");
    await forgetSession(message, gateway);
    const title = listed.find(({ id }) => id === argument)?.title ?? argument;
    return say(message.language, "resume.done", { title: quote(title) });
  },
};

/** The cache knows another conversation of this place. */
async function forgetSession(message: ChannelMessage, { sessionCache }: Gateway): Promise<void> {
  await sessionCache.delete(sessionKey(message));
}

function offer(listed: readonly ConversationOverview[], { language }: ChannelMessage): CommandResult {
  if (!listed.some(({ isActive }) => !isActive)) return say(language, "resume.none");
  const lines = listed.map(({ id, title, messages, lastActivityMs, isActive }) => {
    const day = new Date(lastActivityMs).toISOString().slice(0, 10);
    const facts = say(language, isActive ? "resume.now" : "resume.facts", { count: messages, day });
    return `- \`/resume ${id}\` ${quote(title)} (${facts})`;
  });
  const buttons = listed
    .filter(({ isActive }) => !isActive)
    .map(({ id, title }) => ({ label: buttonLabel(title, labelCharsMax) || id, command: `/resume ${id}` }));
  return {
    text: [say(language, "resume.list"), lines.join("\n")].join("\n\n"),
    buttons: buttonRows(buttons, 2),
  };
}

/** As text, whatever Markdown a person had written. */
function quote(title: string): string {
  return `“${title.replaceAll(/[\\`*_[\]<>|~$]/g, "\\$&")}”`;
}
