import { expect } from "vitest";
import { until } from "../until.ts";
import { visitChat } from "../web/visit-chat.ts";

/** A visitor of the web chat who writes and reads answers. */
export async function visit(url: string, language?: string) {
  const chat = await visitChat(url, language);
  let stream = await chat.stream();
  await stream.untilLive();
  const answerTo = (id: string) =>
    until(() => stream.turns().findLast((turn) => turn.messageId === id && turn.reply), `the answer to ${id}`, 30_000);
  return {
    write: chat.write,
    answerTo,
    turns: () => stream.turns(),
    drafts: () => stream.drafts(),
    /** The answer that grows, as the page shows it. */
    draft: () => stream.shownDraft(stream.drafts().at(-1)?.turnId ?? ""),
    /** Writes, and waits for the answer. */
    async ask(text: string) {
      const { id, response } = await chat.write(text);
      expect(response.status).toBe(202);
      return (await answerTo(id)).reply;
    },
    /** Reloads the page. */
    async reload() {
      stream = await chat.stream();
      await stream.untilLive();
    },
  };
}
