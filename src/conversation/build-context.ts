import { countTokens } from "./domain/count-tokens.ts";
import type { ChannelMessage } from "./domain/message.ts";
import type { Session, Utterance } from "./domain/session.ts";
import { spokenText } from "./domain/spoken-text.ts";
import type { PromptMessage } from "./ports/ai-client.ts";

/**
 * The ContextBuilder, pure: what the model reads. The instructions, then as much of the recent history as fits into
 * `tokensMax`, then the current message, which is always there. User and assistant take turns, the user first, for
 * some models accept nothing else. In a group the speakers are named.
 */
export function buildContext(
  { history }: Pick<Session, "history">,
  message: ChannelMessage,
  { instructions, tokensMax }: { readonly instructions: string; readonly tokensMax: number },
): readonly PromptMessage[] {
  const isGroup = message.audience === "group";
  const system: PromptMessage = {
    role: "system",
    content: isGroup ? `${instructions}\n\n${groupInstructions}` : instructions,
  };
  const current: Utterance = { role: "user", text: spokenText(message), author: message.author.name };

  const tokensLeft = tokensMax - countTokens(system.content) - countTokens(current.text);
  const recent = takeRecent(history, tokensLeft);
  return [system, ...takeTurns([...recent, current].map((utterance) => toPrompt(utterance, isGroup)))];
}

const groupInstructions =
  "Several people talk to you here; each of their messages begins with the speaker's name. Do not begin your answers with a name.";

/** The newest utterances that fit together, oldest first, never beginning with an answer to something left out. */
function takeRecent(history: readonly Utterance[], tokensMax: number): readonly Utterance[] {
  let tokens = 0;
  let from = history.length;
  for (const { text } of history.toReversed()) {
    tokens += countTokens(text);
    if (tokens > tokensMax) break;
    from -= 1;
  }
  const recent = history.slice(from);
  const firstQuestion = recent.findIndex(({ role }) => role === "user");
  return firstQuestion === -1 ? [] : recent.slice(firstQuestion);
}

function toPrompt({ role, text, author }: Utterance, isGroup: boolean): PromptMessage {
  const named = isGroup && role === "user" && author !== undefined;
  return { role, content: named ? `${author.replace(/\s+/g, " ")}: ${text}` : text };
}

/** Joins neighbours of one role: questions that were never answered, several speakers in a row. */
function takeTurns(messages: readonly PromptMessage[]): readonly PromptMessage[] {
  const joined: PromptMessage[] = [];
  for (const message of messages) {
    const before = joined.at(-1);
    if (before?.role === message.role)
      joined[joined.length - 1] = { ...before, content: `${before.content}\n\n${message.content}` };
    else joined.push(message);
  }
  return joined;
}
