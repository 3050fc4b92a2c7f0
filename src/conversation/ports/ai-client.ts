import type { ReplyEnd } from "../domain/reply.ts";

/** Something that answers: any OpenAI-compatible server, with its retries, breaker and fallbacks; or the demo. */
export interface AiClient {
  /**
   * Streams one answer: texts, then exactly one `end`. Never reasoning, never a provider's raw words.
   * Retries and fallbacks happen inside, before the first text only. Aborting `signal` rejects with its reason.
   *
   * @param check is called right before each request; what it throws ends the answer, with nobody asked
   * @throws AiError
   */
  stream(prompt: Prompt, signal: AbortSignal, check?: () => void): AsyncIterable<AiChunk>;
}

export type Prompt = {
  /** An id of the catalogue. */
  readonly model: string;
  /** A system message first, if any; then user and assistant in turns, ending with the user's current message. */
  readonly messages: readonly PromptMessage[];
  readonly replyTokensMax: number;
};

export type PromptMessage = {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
  /** Of a user's message, for a model that reads images. */
  readonly images?: readonly PromptImage[];
};

export type PromptImage = { readonly mimeType: string; readonly base64: string };

export type AiChunk = { readonly text: string } | AiEnd;

export type AiEnd = {
  readonly end: Exclude<ReplyEnd, "stopped">;
  /** Who really answered: a fallback may have. */
  readonly model: string;
  /** The server refused the pictures, and the model has answered without them. */
  readonly imagesRefused?: true;
  /** As the provider reports it; absent when it does not. */
  readonly usage?: { readonly promptTokens: number; readonly completionTokens: number };
};
