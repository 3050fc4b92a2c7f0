import { AiError } from "./domain/errors.ts";
import type { Limits } from "./domain/limits.ts";
import type { ChannelMessage } from "./domain/message.ts";
import type { FinalReply, Reply } from "./domain/reply.ts";
import { pause } from "./domain/pause.ts";
import { sayFooter } from "./domain/words/say-footer.ts";
import { say } from "./domain/words/say.ts";
import type { AiChunk, AiEnd } from "./ports/ai-client.ts";

/** Shows a reply that is still being written. Never throws: a draft that fails is forgotten, the next one carries its text too. */
export type ShowDraft = (draft: Reply) => Promise<void>;

export type Pace = Pick<Limits, "typingAfterMs" | "typingMs" | "firstDraftMs" | "renewMs"> & {
  readonly editIntervalMs: number;
};

export type Showing = Pace & Pick<ChannelMessage, "language">;

/** What the model wrote. `end` is absent when the person stopped it. */
export type Generated = { readonly text: string; readonly reply: FinalReply; readonly end?: AiEnd };

/**
 * Lets the reply grow, shows it on its way no faster than `pace` allows, and returns it whole. A reply that is finished before its
 * first draft is due is not shown in drafts at all. Stopped by the person, it ends with what is written.
 *
 * @throws AiError, or the reason of `signal` if it is not "stopped"
 */
export async function generateReply(
  stream: (signal: AbortSignal) => AsyncIterable<AiChunk>,
  showDraft: ShowDraft,
  { language, ...pace }: Showing,
  signal: AbortSignal,
): Promise<Generated> {
  const writing = newWriting();
  const drafts = showWhileGrowing(writing, showDraft, pace);
  try {
    for await (const chunk of stream(signal)) {
      if ("end" in chunk)
        return { text: writing.text(), reply: finish(writing.text(), chunk.end, language), end: chunk };
      writing.add(chunk.text);
    }
    throw new Error("the AI client ended without an end");
  } catch (error) {
    if (signal.aborted && signal.reason === "timeout") throw new AiError("timeout", "the answer took too long in all");
    if (!signal.aborted || signal.reason !== "stopped") throw error;
    const footer = sayFooter(language, "footers.stopped");
    return { text: writing.text(), reply: { text: writing.text(), footer, end: "stopped" } };
  } finally {
    await drafts.end();
  }
}

function finish(text: string, end: AiEnd["end"], language: string | undefined): FinalReply {
  return {
    text: text.trim() || say(language, "answers.nothing"),
    end,
    ...(end !== "complete" && { footer: sayFooter(language, `footers.${end}`) }),
  };
}

/** A text that grows, and can be waited for. */
type Writing = {
  text(): string;
  add(text: string): void;
  /** Resolves when it has grown, after `ms`, or when `signal` aborts. */
  grows(ms: number, signal: AbortSignal): Promise<void>;
};

function newWriting(): Writing {
  let text = "";
  let grown = () => {};
  return {
    text: () => text,
    add(more) {
      text += more;
      grown();
    },
    async grows(ms, signal) {
      const growth = new Promise<void>((resolve) => (grown = resolve));
      await Promise.race([growth, pause(ms, signal)]);
    },
  };
}

/** Shows typing, then the newest text at each interval, until ended; `end` resolves when no draft is on its way any more. */
function showWhileGrowing(writing: Writing, showDraft: ShowDraft, pace: Pace): { end(): Promise<void> } {
  const ending = new AbortController();
  const showing = showDrafts(writing, showDraft, pace, ending.signal);
  return {
    async end() {
      ending.abort("ended");
      await showing;
    },
  };
}

async function showDrafts(writing: Writing, showDraft: ShowDraft, pace: Pace, signal: AbortSignal): Promise<void> {
  const firstDraftAtMs = performance.now() + pace.firstDraftMs;
  await pause(pace.typingAfterMs, signal);
  do {
    if (signal.aborted) return;
    void showDraft({ text: "" }); // nothing waits for it, least of all the answer
    if (!writing.text().trim()) await writing.grows(pace.typingMs, signal);
  } while (!writing.text().trim());
  await pause(firstDraftAtMs - performance.now(), signal);

  let shown = { text: "", atMs: performance.now() };
  while (!signal.aborted) {
    const text = writing.text();
    if (text === shown.text && performance.now() - shown.atMs < pace.renewMs) {
      await writing.grows(pace.typingMs, signal);
      continue;
    }
    await showDraft({ text });
    shown = { text, atMs: performance.now() };
    await pause(pace.editIntervalMs, signal);
  }
}
