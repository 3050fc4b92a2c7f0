import { pageLimits } from "../limits.ts";
import { markdownBlocks } from "../markdown/markdown-blocks.ts";
import { safeFragment } from "../markdown/safe-fragment.ts";
import type { Chat } from "../chat.ts";

/** Tells a screen reader that an answer is being written, and then the whole answer, once. */
export function Announcer({ chat }: { chat: Chat }) {
  const { running, lastAnswered } = chat.room;
  return (
    <div class="unseen" role="status" aria-live="polite" aria-atomic="false" data-testid="announcer">
      <p>{spoken(lastAnswered.value?.reply?.text)}</p>
      <p>{running.value && "Parley is answering."}</p>
    </div>
  );
}

function spoken(markdown: string | undefined): string | undefined {
  if (markdown === undefined) return undefined;
  const start = markdown.slice(0, pageLimits.announcedCharsMax);
  const words = plainText(start);
  return start.length < markdown.length ? `${words} … The answer goes on.` : words;
}

function plainText(markdown: string): string {
  try {
    return markdownBlocks(markdown, true)
      .map((html) => safeFragment(html).textContent)
      .join("\n");
  } catch {
    return markdown;
  }
}
