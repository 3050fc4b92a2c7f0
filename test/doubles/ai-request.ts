import type { IncomingHttpHeaders } from "node:http";
import { type AiImage, readParts } from "./ai-parts.ts";

/** A chat completion as it arrived. */
export type AiRequest = {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: AiRequestBody;
  readonly atMs: number;
};

export type AiRequestBody = {
  readonly model: string;
  /** `content` is the text, also where it came in parts. */
  readonly messages: readonly {
    readonly role: string;
    readonly content: string;
    readonly images?: readonly AiImage[];
  }[];
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly max_tokens?: number;
  readonly max_completion_tokens?: number;
};

type Refusal = { readonly status: number; readonly body: unknown };

const knownFields: ReadonlySet<string> = new Set([
  "model",
  "messages",
  "stream",
  "stream_options",
  "max_tokens",
  "max_completion_tokens",
]);

/**
 * Reads a body as the strictest of the servers would: unknown fields, empty or misplaced messages and roles that
 * do not alternate are refused, each with the error that such a server answers.
 */
export function readAiRequest(
  text: string,
  rules: {
    readonly models: readonly string[];
    readonly refusedFields: readonly string[];
    readonly blindModels: readonly string[];
  },
): AiRequestBody | Refusal {
  const body = parseObject(text);
  if (!body) return badRequest("We could not parse the JSON body of your request.");

  const unknown = Object.keys(body).find((name) => !knownFields.has(name));
  if (unknown) return badRequest(`Unknown parameter: '${unknown}'.`, unknown);
  const refused = Object.keys(body).find((name) => rules.refusedFields.includes(name));
  if (refused) return refuseField(refused);

  const { model, messages, stream, stream_options: streamOptions } = body;
  if (typeof model !== "string") return badRequest("you must provide a model parameter", "model");
  if (!rules.models.includes(model)) return unknownModel(model);
  if (stream !== undefined && typeof stream !== "boolean") return badRequest("'stream' must be a boolean", "stream");
  if (streamOptions !== undefined && stream !== true)
    return badRequest("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options");
  const limits = [body["max_tokens"], body["max_completion_tokens"]].filter((limit) => limit !== undefined);
  if (limits.length > 1)
    return badRequest("Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.");
  if (limits.some((limit) => !Number.isInteger(limit) || Number(limit) < 1))
    return badRequest("the limit of tokens must be a whole number above 0", "max_tokens");
  const plain = readContents(messages, rules.blindModels.includes(model));
  const complaint = typeof plain === "string" ? plain : complainAboutMessages(plain);
  if (complaint) return badRequest(complaint, "messages");
  return { ...body, messages: plain } as unknown as AiRequestBody;
}

/** The messages with their parts read, or what is wrong with one. */
function readContents(messages: unknown, isBlind: boolean): readonly unknown[] | string {
  if (!Array.isArray(messages) || messages.length === 0) return "'messages' must be a list that is not empty";
  const read: unknown[] = [];
  for (const message of messages as { role?: unknown; content?: unknown }[]) {
    if (!Array.isArray(message?.content)) {
      read.push(message);
      continue;
    }
    if (message.role !== "user") return "only a user's message may come in parts";
    const parts = readParts(message.content, isBlind);
    if (typeof parts === "string") return parts;
    read.push({ ...message, content: parts.text, images: parts.images });
  }
  return read;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The rules of the strict chat templates: a system message first if at all, then user and assistant in turns, the user last. */
function complainAboutMessages(messages: readonly unknown[]): string | undefined {
  const roles: string[] = [];
  for (const [index, message] of messages.entries()) {
    const { role, content, images: _, ...rest } = (message ?? {}) as Record<string, unknown>;
    if (typeof role !== "string" || !["system", "user", "assistant"].includes(role))
      return `messages[${index}].role is not one of system, user, assistant`;
    if (typeof content !== "string" || content.trim() === "")
      return `messages[${index}].content must be a string that is not empty`;
    if (Object.keys(rest).length > 0) return `messages[${index}] has unknown fields: ${Object.keys(rest).join(", ")}`;
    roles.push(role);
  }
  if (roles[0] === "system") roles.shift();
  if (roles.some((role, index) => role !== (index % 2 === 0 ? "user" : "assistant")))
    return "Conversation roles must alternate user/assistant/user/assistant/...";
  if (roles.at(-1) !== "user") return "The last message must be the user's";
  return undefined;
}

function badRequest(message: string, param: string | null = null): Refusal {
  return { status: 400, body: { error: { message, type: "invalid_request_error", param, code: null } } };
}

function unknownModel(model: string): Refusal {
  const message = `The model \`${model}\` does not exist or you do not have access to it.`;
  return {
    status: 404,
    body: { error: { message, type: "invalid_request_error", param: null, code: "model_not_found" } },
  };
}

/** OpenAI names the other field; Mistral answers 422. */
function refuseField(name: string): Refusal {
  if (name === "max_tokens")
    return badRequest(
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      name,
    );
  return {
    status: 422,
    body: {
      object: "error",
      message: { detail: [{ type: "extra_forbidden", loc: ["body", name], msg: "Extra inputs are not permitted" }] },
      type: "invalid_request_error",
    },
  };
}
