import { onTestFinished } from "vitest";
import { aiLimits, type AiLimits } from "../../src/ai/ai-limits.ts";
import { providerOf } from "../../src/ai/choose-provider.ts";
import { providerClient } from "../../src/ai/provider-client.ts";
import { AiError } from "../../src/conversation/domain/errors.ts";
import type { AiClient, AiEnd, Prompt } from "../../src/conversation/ports/ai-client.ts";
import { Secret } from "../../src/secret.ts";
import { startAiDouble, type AiDouble, type AiDoubleOptions } from "../doubles/ai-double.ts";

/** The bounds of the AI client with short pauses, so that no test waits; its timeouts stay long, so that no busy machine fails one. */
export const shortLimits: AiLimits = {
  ...aiLimits,
  backoffMs: 2,
  backoffMsMax: 8,
  cooldownWaitMsMax: 60,
  breakerOpenMs: 1_500,
  breakerOpenMsMax: 4_000,
};

/** For what never comes: its timeouts are short too, though a request gets through in time. */
export const hastyLimits: AiLimits = { ...shortLimits, firstTokenMs: 1_000, firstTokenSlowMs: 1_000, idleMs: 1_000 };

export const key = "sk-test-0123456789abcdef";

/** A double that ends with the test. */
export async function double(options: AiDoubleOptions = {}): Promise<AiDouble> {
  const ai = await startAiDouble(options);
  onTestFinished(() => ai.stop());
  return ai;
}

/** A client that asks the double once, without retries. */
export function clientOf(ai: AiDouble, limits: AiLimits = shortLimits): AiClient {
  return providerClient(
    { ...providerOf("custom", { baseUrl: ai.baseUrl, apiKey: new Secret(key) }), local: false },
    limits,
  );
}

export function promptOf(text: string, model = "test-model"): Prompt {
  return {
    model,
    messages: [
      { role: "system", content: "Be brief." },
      { role: "user", content: text },
    ],
    replyTokensMax: 100,
  };
}

export type Outcome = { readonly text: string; readonly end?: AiEnd; readonly error?: unknown };

/** All that a client says until it ends or fails. */
export async function ask(
  client: AiClient,
  prompt: Prompt = promptOf("one two three four"),
  signal: AbortSignal = new AbortController().signal,
): Promise<Outcome> {
  let text = "";
  let end: AiEnd | undefined;
  try {
    for await (const chunk of client.stream(prompt, signal)) {
      if (end) throw new Error("something came after the end");
      if ("end" in chunk) end = chunk;
      else text += chunk.text;
    }
    return { text, ...(end && { end }) };
  } catch (error) {
    return { text, error };
  }
}

/** @throws unless the outcome is an AiError */
export function aiErrorOf({ error, text }: Outcome): AiError {
  if (error instanceof AiError) return error;
  throw new Error(`expected an AiError, not ${String(error)} after "${text}"`, { cause: error });
}
