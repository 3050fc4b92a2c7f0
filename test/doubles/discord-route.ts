import type { Answer } from "./discord-answers.ts";

/** One way into the double's HTTP API. */
export type Route = {
  readonly method: string;
  readonly path: RegExp;
  readonly answer: (request: Request) => Answer;
  /** What the body may hold. */
  readonly fields?: readonly string[];
  /** What the query may hold; without it, where to begin and end a page. */
  readonly query?: readonly string[];
  /** The path holds a token of its own. */
  readonly anonymous?: true;
};

export type Body = Readonly<Record<string, unknown>>;
export type Request = {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Body;
  readonly params: readonly string[];
};

/** A path, whole. */
export function at(pattern: string): RegExp {
  return new RegExp(`^${pattern}$`);
}

/** What an edit may hold, and what comes by a webhook. */
export const editFields = "content embeds flags allowed_mentions components attachments".split(" ");
