import { readSession } from "../begin-session.ts";
import type { ReplyFile } from "../domain/reply.ts";
import { utcMinute } from "../domain/utc-minute.ts";
import { say } from "../domain/words/say.ts";
import type { Said } from "../ports/archive.ts";
import type { CommandHandler } from "./command-handler.ts";

const messagesMax = 5_000;
/** Discord takes no larger one of a bot than 10 MB. */
const fileBytesMax = 8_000_000;

/** `/export`: the conversation as a file, in Markdown; `/export json` for programs. */
export const exportConversation: CommandHandler = {
  async run(argument, { message }, gateway) {
    const { language } = message;
    const format = argument.toLowerCase() || "md";
    if (format !== "md" && format !== "json") return say(language, "export.formats");
    const { conversationId } = await readSession(message, gateway);
    const said = await gateway.archive.read(conversationId, messagesMax);
    if (said.length === 0) return say(language, "export.empty");
    const { file, count } = writeNewest(said, format === "md" ? writeMarkdown : writeJson);
    return { text: say(language, "export.done", { count }), file };
  },
};

/** As many of the newest as a file may hold. */
function writeNewest(said: readonly Said[], write: (said: readonly Said[]) => ReplyFile) {
  for (let newest = said; ;) {
    const file = write(newest);
    const count = newest.length;
    const bytes = Buffer.byteLength(file.text);
    if (bytes <= fileBytesMax || count <= 1) return { file, count };
    newest = newest.slice(Math.ceil(count * (1 - fileBytesMax / bytes)));
  }
}

function writeMarkdown(said: readonly Said[]): ReplyFile {
  const text = said.map((one) => `### ${speakerOf(one)} · ${timeOf(one)}\n\n${one.text}\n`).join("\n");
  return { name: "conversation.md", mimeType: "text/markdown", text };
}

function writeJson(said: readonly Said[]): ReplyFile {
  const messages = said.map(({ role, author, text, model, atMs }) => ({
    role,
    ...(author && { author }),
    ...(model && { model }),
    at: new Date(atMs).toISOString(),
    text,
  }));
  return {
    name: "conversation.json",
    mimeType: "application/json",
    text: `${JSON.stringify({ messages }, undefined, 2)}\n`,
  };
}

function speakerOf({ role, author, model }: Said): string {
  return role === "user" ? (author ?? "user") : (model ?? "assistant");
}

function timeOf({ atMs }: Said): string {
  return `${utcMinute(atMs)} UTC`;
}
