import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { type ReplyFile, replyMarkdown } from "../../conversation/domain/reply.ts";
import type { Channel } from "../../conversation/ports/channel.ts";

export type TerminalOptions = {
  readonly input: Readable;
  readonly output: Writable;
  /** Who writes. */
  readonly userName: string;
  /** What they read, as a BCP 47 tag. */
  readonly language: string;
};

/** The terminal as a channel: one person, one room. Ends with its input, after the last answer. */
export function terminalChannel({ input, output, userName, language }: TerminalOptions): Channel {
  const unanswered = new Set<string>();
  const answered = new EventTarget();
  /** What of the current reply is printed already: a terminal can only add. */
  let printed = "";
  let isListening = false;

  const print = (text: string, isFinal: boolean) => {
    const isLonger = text.startsWith(printed);
    const ending = isFinal ? "\n\n" : "";
    output.write(isLonger ? text.slice(printed.length) + ending : `\n\n${text}${ending}`);
    printed = isFinal ? "" : text;
  };

  return {
    name: "terminal",
    refuses: "in-room",
    receivesAlone: false,
    editIntervalMs: () => 30,

    async listen(accept, signal) {
      isListening = true;
      const lines = createInterface({ input, signal });
      for await (const text of lines) {
        if (text.trim() === "") continue;
        const id = randomUUID();
        unanswered.add(id);
        const author = { id: userName, name: userName };
        await accept([
          {
            channel: "terminal",
            room: userName,
            id,
            author,
            text,
            audience: "direct",
            language,
            address: null,
            sentAtMs: Date.now(),
          },
        ]);
      }
      while (unanswered.size > 0 && !signal.aborted) await once(answered, "answered", { signal }).catch(() => {});
      isListening = false;
    },

    async show({ id, message }, reply, _note, hold) {
      hold.check();
      const text = [replyMarkdown(reply), ...(reply.file ? [printFile(reply.file)] : [])].filter(Boolean).join("\n\n");
      if (text || reply.end) print(text, reply.end !== undefined);
      if (reply.end) {
        unanswered.delete(message.id);
        answered.dispatchEvent(new Event("answered"));
      }
      return text ? [id] : [];
    },

    health: () => (isListening ? { state: "connected" } : { state: "connecting", reason: "not reading" }),
  };
}

/** A terminal has no files to save: it shows what is in them. */
function printFile({ name, text }: ReplyFile): string {
  return `── ${name}\n${text}\n──`;
}
