import type { AiEnd } from "../conversation/ports/ai-client.ts";

/** What one event of a stream says. */
export type StreamEvent = {
  /** Seen by people; thoughts in the text itself not yet removed. */
  readonly text: string;
  /** The model works: it wrote text, or thought. */
  readonly alive: boolean;
  readonly end?: AiEnd["end"];
  readonly usage?: NonNullable<AiEnd["usage"]>;
  /** The event is an error, or the reason it ends with is one. */
  readonly failed?: true;
};

/**
 * Reads a chunk of a chat completion. Tolerates what the family sends: `choices: []` (usage, Azure's filters) or none,
 * `content: null`, content in parts (Mistral), a message in place of a delta; leaves out `reasoning_content`,
 * `reasoning`, thinking parts and tool calls.
 */
export function readEvent(event: unknown): StreamEvent {
  const { error, object, choices, usage, x_groq: groq } = record(event);
  if ((error !== undefined && error !== null) || object === "error" || !isRecord(event))
    return { text: "", alive: false, failed: true };

  const choice = record(Array.isArray(choices) ? choices[0] : undefined);
  const delta = record(choice["delta"] ?? choice["message"]);
  const finish = choice["finish_reason"];
  const refusal = typeof delta["refusal"] === "string" ? delta["refusal"] : "";
  const text = readContent(delta["content"]) + refusal;
  const tokens = readUsage(usage ?? record(groq)["usage"]);
  return {
    text,
    alive: Object.entries(delta).some(([name, value]) => name !== "role" && Boolean(value)),
    ...(typeof finish === "string" && finish !== "" && readFinish(finish)),
    ...(refusal && { end: "filtered" }),
    ...(tokens && { usage: tokens }),
  };
}

function readContent(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content
    .map(record)
    .map(({ type, text }) => (type === "text" && typeof text === "string" ? text : ""))
    .join("");
}

function readFinish(reason: string): Pick<StreamEvent, "end" | "failed"> {
  switch (reason.toLowerCase()) {
    case "error": // OpenRouter
      return { failed: true };
    case "length":
    case "max_tokens":
    case "model_length": // Mistral
      return { end: "length" };
    case "content_filter":
    case "safety":
    case "recitation":
    case "prohibited_content":
      return { end: "filtered" };
    default:
      return { end: "complete" };
  }
}

function readUsage(usage: unknown): AiEnd["usage"] {
  const { prompt_tokens: promptTokens, completion_tokens: completionTokens } = record(usage);
  if (!isCount(promptTokens)) return undefined;
  return { promptTokens, completionTokens: isCount(completionTokens) ? completionTokens : 0 };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
