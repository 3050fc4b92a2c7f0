import { setTimeout as sleep } from "node:timers/promises";
import { AiError, type AiFailure } from "../conversation/domain/errors.ts";
import type { AiChunk, AiClient, Prompt } from "../conversation/ports/ai-client.ts";
import type { AiLimits } from "./ai-limits.ts";
import { targetHealth } from "./target-health.ts";

/** One model at one provider. */
export type Target = {
  /** Names it, for its breaker and for the operator: "OpenAI gpt-5". */
  readonly name: string;
  readonly model: string;
  readonly client: AiClient;
};

type Targets = {
  /** Where the model that was chosen is asked. */
  readonly first: (model: string) => Target;
  /** Who is asked next, in this order, while the person has not seen a word yet. */
  readonly fallbacks: readonly Target[];
};

/**
 * Failures that end the whole attempt: another model would get the same request. The others go on to the next target:
 * what is away, late, spent, unknown, retired, or locked there may be there elsewhere.
 */
const sameEverywhere: ReadonlySet<AiFailure> = new Set(["bad_request", "too_long", "refused"]);

/** Asks the chosen model, again where that can help, then the fallbacks. `report` hears of every target given up. */
export function aiClient(targets: Targets, limits: AiLimits, report: (what: string, error: unknown) => void): AiClient {
  const health = targetHealth(limits, report);
  return { stream };

  async function* stream(prompt: Prompt, signal: AbortSignal, check = () => {}): AsyncGenerator<AiChunk> {
    signal.throwIfAborted();
    const given: AiError[] = [];
    for (const target of targetsOf(prompt.model, targets)) {
      const answer = await begin({ target, check }, prompt, signal);
      if (!(answer instanceof AiError)) return yield* relay(answer, target, signal);
      given.push(answer);
      report(`${target.name} did not answer`, answer);
      if (sameEverywhere.has(answer.kind)) throw answer;
    }
    throw mostTelling(given, limits);
  }

  /** The answer with its first words, or why there is none after all tries. */
  async function begin({ target, check }: Asking, prompt: Prompt, signal: AbortSignal): Promise<Begun | AiError> {
    for (let tries = 0; ; tries++) {
      await pause(health.pauseMs(target.name) * (1 + Math.random() / 5), signal); // not all at the same moment
      const refusal = health.refusal(target.name);
      if (refusal) return refusal;
      check();
      try {
        return await health.attempt(target.name, () => open(target, prompt, signal), signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof AiError)) throw error;
        if (tries >= retriesOf(error, limits)) return error;
      }
      await pause(Math.random() * Math.min(limits.backoffMs * 2 ** tries, limits.backoffMsMax), signal);
    }
  }

  async function* relay({ first, chunks }: Begun, target: Target, signal: AbortSignal): AsyncGenerator<AiChunk> {
    try {
      for (let next = first; !next.done; next = await chunks.next()) yield next.value;
    } catch (error) {
      signal.throwIfAborted();
      health.failed(target.name, error);
      throw error;
    } finally {
      await chunks.return?.();
    }
  }
}

type Asking = { readonly target: Target; readonly check: () => void };

type Begun = { readonly first: IteratorResult<AiChunk>; readonly chunks: AsyncIterator<AiChunk> };

function targetsOf(model: string, { first, fallbacks }: Targets): Target[] {
  const chosen = first(model);
  return [chosen, ...fallbacks.filter(({ name }) => name !== chosen.name)];
}

async function open({ client, model }: Target, prompt: Prompt, signal: AbortSignal): Promise<Begun> {
  const chunks = client.stream({ ...prompt, model }, signal)[Symbol.asyncIterator]();
  return { first: await chunks.next(), chunks };
}

/** Never again at the same target: 400 401 402 403 404 410 413 422, and a quota that is spent. */
function retriesOf(error: AiError, limits: AiLimits): number {
  if (!error.retryable) return 0;
  return error.kind === "timeout" ? limits.timeoutRetriesMax : limits.retriesMax;
}

/** @throws the signal's reason, at once */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0) return;
  await sleep(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
}

/** One error for all: retryable if any is, after the least wait; the chosen model's before a fallback's. */
function mostTelling(errors: readonly AiError[], limits: AiLimits): AiError {
  const retryable = errors.filter((error) => error.retryable);
  const [first, ...others] = retryable.length > 0 ? retryable : errors;
  if (!first) return new AiError("unavailable", "No model is configured");
  if (errors.length === 1) return first;
  const message = [first, ...errors.filter((error) => error !== first)].map((error) => error.message).join(" | ");
  return new AiError(first.kind, message.slice(0, limits.messageCharsMax * 2), {
    retryAfterMs: Math.min(...[first, ...others].map((error) => error.retryAfterMs)),
    cause: first,
  });
}
