import type { AiFailure } from "./errors.ts";
import type { Limits } from "./limits.ts";

// Everything that the program itself says to people, apart from what its commands answer.

export const conversationReset = "Conversation reset! Starting fresh.";

export const nothingSaid = "I have nothing to say to that.";

export const stoppedFooter = "*(stopped)*";

export const lengthFooter = "*(cut off at the length limit: write “go on” for the rest)*";

export const filteredFooter = "*(the AI provider’s content filter ended the answer here)*";

export function refuseTooMany(retryAfterMs: number): string {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1_000));
  return `That was a lot at once. I take messages from you again in ${seconds} seconds.`;
}

export const refuseFullRoom = "So many messages are waiting for me here that I cannot take another one.";

/** Where the message itself is gone from the person's hands. */
export const sendAgain = "Please send then what I did not answer.";

export function refuseLongMessage({ messageCharsMax }: Pick<Limits, "messageCharsMax">): string {
  return `That message is too long for me: I read up to ${messageCharsMax.toLocaleString("en")} characters. Please send it in shorter pieces.`;
}

export function askBack(written: string, meant: string): string {
  return `There is no command /${written}. Did you mean /${meant}? If it is meant for the AI, send it without the slash.`;
}

/** Under an answer that another model wrote than the one that was asked for. */
export function otherModelFooter(asked: string, answered: string): string {
  return `*(${asked} did not answer; this is from ${answered})*`;
}

export function replacedModelFooter(name: string, model: string): string {
  return `*(${name} is no longer offered; ${model} answered. Choose with /model)*`;
}

/** While a message waits for an AI that is away. */
export function waitingNotice(kind: AiFailure, reference: string): string {
  const state = kind === "rate_limited" ? "The AI is very busy" : "The AI does not answer right now";
  return `⏳ ${state}. Your message is kept, and I answer it as soon as I can. (ref ${reference})`;
}

/** The end of the matter: what failed, and what the person can do. The reference leads an operator to the turn. */
export function apology(kind: AiFailure | "bug", reference: string): string {
  return `⚠️ ${apologies[kind]} (ref ${reference})`;
}

const apologies: Readonly<Record<AiFailure | "bug", string>> = {
  unavailable:
    "The AI could not be reached for a long while, so your message is unanswered. Please send it again later.",
  timeout: "The AI took too long to answer. Please try again, perhaps with a shorter question or another /model.",
  broken: "The AI’s answer broke off, again and again. Please send your message again, or choose another /model.",
  rate_limited: "The AI takes no more requests for now. Please try again later, or choose another /model.",
  quota: "The AI account behind this bot has used up its quota. Please tell the person who runs it.",
  unauthorized: "The AI refused this bot’s key. Please tell the person who runs it.",
  unknown_model: "The AI does not know this model. Choose another one with /model.",
  too_long: "This is more text than the model can read at once. Please shorten it, or start over with /reset.",
  refused: "The AI provider declined to answer this. Please put it differently.",
  retired:
    "The AI service behind this bot was shut down for good. Please tell the person who runs it that another one must be set.",
  bad_request: "The AI could not make sense of the request. Please put it differently, or start over with /reset.",
  bug: "Something went wrong on my side, and I could not answer. Please send your message again.",
};
