import { countTokens } from "./domain/count-tokens.ts";
import type { ChannelMessage } from "./domain/message.ts";
import type { ReadAttachment, Session, Spoken, Utterance } from "./domain/session.ts";
import type { PromptImage, PromptMessage } from "./ports/ai-client.ts";

type Current = Pick<ChannelMessage, "audience" | "author"> & { readonly spoken: Spoken };

type Options = {
  readonly instructions: string;
  readonly tokensMax: number;
  /** The pictures that the model is shown, where what was said is kept; each is taken to cost `pictureTokens`. */
  readonly images: ReadonlyMap<ReadAttachment, PromptImage>;
  readonly pictureTokens: number;
};

/**
 * The ContextBuilder, pure: what the model reads. The instructions, then as much of the recent history as fits into
 * `tokensMax`, then the current message, which is always there. User and assistant take turns, the user first, for
 * some models accept nothing else. Nor do they take a blank one, such as an answer that was stopped before its first word.
 * In a group the speakers are named.
 */
export function buildContext(
  { history }: Pick<Session, "history">,
  { audience, author, spoken }: Current,
  { instructions, tokensMax, images, pictureTokens }: Options,
): readonly PromptMessage[] {
  const isGroup = audience === "group";
  const system: PromptMessage = {
    role: "system",
    content: isGroup ? `${instructions}\n\n${groupInstructions}` : instructions,
  };
  const current: Utterance = { role: "user", ...spoken, author: author.name };
  const imagesOf = ({ attachments = [] }: Utterance) =>
    attachments.flatMap((attachment) => images.get(attachment) ?? []);
  const tokensOf = (utterance: Utterance) => countTokens(utterance.text) + imagesOf(utterance).length * pictureTokens;

  const tokensLeft = tokensMax - countTokens(system.content) - tokensOf(current);
  const said = history.filter((utterance) => utterance.text.trim() !== "" || imagesOf(utterance).length > 0);
  const recent = takeRecent(said, tokensLeft, tokensOf);
  return [
    system,
    ...takeTurns([...recent, current].map((utterance) => toPrompt(utterance, imagesOf(utterance), isGroup))),
  ];
}

const groupInstructions =
  "Several people talk to you here; each of their messages begins with the speaker's name. Do not begin your answers with a name.";

/** The newest utterances that fit together, oldest first, never beginning with an answer to something left out. */
function takeRecent(
  history: readonly Utterance[],
  tokensMax: number,
  tokensOf: (utterance: Utterance) => number,
): readonly Utterance[] {
  let tokens = 0;
  let from = history.length;
  for (const utterance of history.toReversed()) {
    tokens += tokensOf(utterance);
    if (tokens > tokensMax) break;
    from -= 1;
  }
  const recent = history.slice(from);
  const firstQuestion = recent.findIndex(({ role }) => role === "user");
  return firstQuestion === -1 ? [] : recent.slice(firstQuestion);
}

function toPrompt({ role, text, author }: Utterance, images: readonly PromptImage[], isGroup: boolean): PromptMessage {
  const named = isGroup && role === "user" && author !== undefined;
  const content = named ? `${author.replace(/\s+/g, " ")}: ${text}` : text;
  return { role, content, ...(images.length > 0 && { images }) };
}

/** Joins neighbours of one role: questions that were never answered, several speakers in a row. */
function takeTurns(messages: readonly PromptMessage[]): readonly PromptMessage[] {
  const joined: PromptMessage[] = [];
  for (const message of messages) {
    const before = joined.at(-1);
    if (before?.role === message.role) joined[joined.length - 1] = join(before, message);
    else joined.push(message);
  }
  return joined;
}

function join(before: PromptMessage, after: PromptMessage): PromptMessage {
  const images = [...(before.images ?? []), ...(after.images ?? [])];
  const content = `${before.content}\n\n${after.content}`;
  return { role: before.role, content, ...(images.length > 0 && { images }) };
}
