import { AiError, type AiFailure } from "../conversation/domain/errors.ts";
import { aiLimits } from "./ai-limits.ts";
import type { Provider } from "./choose-provider.ts";
import { githubRetired } from "./presets.ts";

/** What a server said instead of an answer. */
type ErrorAnswer = {
  /** Absent for an error in the middle of a stream whose HTTP status was 200. */
  readonly status?: number;
  readonly headers?: { readonly [name: string]: string | readonly string[] | undefined };
  /** The body's text, or an event that is JSON already. */
  readonly body: unknown;
};

/** Who is asked, as far as an error must tell it. */
export type Who = Pick<Provider, "label" | "preset" | "key">;

/** What all the shapes of an error come down to. */
type Complaint = {
  readonly code: string;
  readonly message: string;
  readonly status?: number;
  readonly details: string;
};

/**
 * Translates an error of any OpenAI-compatible server into ours. The shapes: OpenAI's `{error: {message, type, code}}`,
 * Ollama's `{error: "text"}`, Google's array of errors, vLLM's and Mistral's `{object: "error", message}`, FastAPI's
 * `{detail}`, llama.cpp's and OpenRouter's integer codes, a proxy's web page.
 */
export function readError(answer: ErrorAnswer, who: Who): AiError {
  const complaint = readComplaint(answer.body);
  const status = answer.status ?? complaint.status;
  const retryAfterMs = readRetryAfter(answer, complaint);
  const kind = classify(status, complaint, retryAfterMs);
  if (kind === "retired") return new AiError(kind, who.preset === "github" ? githubRetired : retiredSentence(who));
  const said = scrub(complaint.message, who.key?.reveal());
  const where = answer.status === undefined ? `broke off with ${status ?? "an error"}` : `answered ${answer.status}`;
  return new AiError(kind, `${who.label} ${where}${said && `: ${said}`}${hint(kind, complaint)}`, {
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

/** Translates what the network threw: refused, reset, unknown host, bad certificate. Always "unavailable". */
export function readNetworkError(error: unknown, who: Who): AiError {
  if (error instanceof AiError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const message = error instanceof Error ? error.message || code : String(error);
  const said = scrub(networkSentences[code] ?? `the connection failed (${message})`, who.key?.reveal());
  return new AiError("unavailable", `${who.label} cannot be reached: ${said}`);
}

const networkSentences: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens at its address (ECONNREFUSED)",
  ENOTFOUND: "its host name is unknown (ENOTFOUND); check AI_BASE_URL and the DNS",
  EAI_AGAIN: "its host name cannot be looked up right now (EAI_AGAIN)",
  ECONNRESET: "it closed the connection (ECONNRESET)",
  EPROTO: "it does not speak TLS there (EPROTO); check http:// or https:// in AI_BASE_URL",
};

/** Removes keys and everything that looks like one, markup and line breaks, and limits the length. */
function scrub(text: string, key?: string): string {
  const plain = text
    .slice(0, aiLimits.errorBytesMax)
    .replaceAll(/<(script|style)[\s\S]*?<\/\1>|<[^>]*>/gi, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
  const clean = (key ? plain.replaceAll(key, "[secret]") : plain)
    .replaceAll(/\b(bearer|basic)\s+[\w.~+/=*-]{6,}/gi, "$1 [secret]")
    .replaceAll(/(?<![\w-])(sk-|sk_|gsk_|gh[pousr]_|github_pat_|AIza|xai-|hf_)[\w*.…-]{4,}/g, "[secret]")
    .replaceAll(/([?&](?:key|api[-_]key|token)=)[^&\s"']+/gi, "$1[secret]")
    .replaceAll(/\/\/[^/@\s:]+:[^/@\s]+@/g, "//[secret]@");
  return clean.length > aiLimits.messageCharsMax ? `${clean.slice(0, aiLimits.messageCharsMax - 1)}…` : clean;
}

function retiredSentence({ label }: Who): string {
  return `${label} answered 410: the service or model is gone for good. Choose another model, or another AI_PROVIDER.`;
}

function hint(kind: AiFailure, { code }: Complaint): string {
  if (kind === "unauthorized") return " (check its key)";
  if (kind === "unknown_model" && !code) return " (check the model's name, and whether AI_BASE_URL lacks its /v1)";
  return "";
}

function readComplaint(body: unknown): Complaint {
  const value = typeof body === "string" ? parse(body) : body;
  if (typeof value === "string") return { code: "", message: value, details: value };
  const details = JSON.stringify(value ?? "");
  const outer = record(Array.isArray(value) ? value[0] : value);
  const inner = outer["error"] ?? outer;
  if (typeof inner === "string") return { code: "", message: inner, details };

  const error = record(inner);
  const codes = [error["code"], error["type"], error["status"], record(error["innererror"])["code"]];
  const status = [error["code"], error["status"]].map(Number).find((code) => code >= 400 && code <= 599);
  return {
    code: codes.filter((code) => typeof code === "string").join(" "),
    message: [readMessage(error), readMessage(record(error["metadata"]))].filter(Boolean).join(": "),
    ...(status !== undefined && { status }),
    details,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** `message` or `detail`, as a text, or as FastAPI's list of `{ loc, msg }`; or OpenRouter's `raw`. */
function readMessage(error: Readonly<Record<string, unknown>>): string {
  const said = error["message"] ?? error["detail"] ?? error["raw"];
  if (typeof said === "string") return said;
  const list = record(said)["detail"] ?? said;
  if (!Array.isArray(list)) return said === undefined ? "" : JSON.stringify(said);
  return list
    .slice(0, 5)
    .map((item) => {
      const { loc, msg } = record(item);
      return `${Array.isArray(loc) ? loc.join(".") : ""} ${String(msg)}`.trim();
    })
    .join("; ");
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

const words = {
  quota:
    /insufficient_quota|billing|spend(ing)?[ _-]?(limit|cap)|credit balance|insufficient[ _](credit|balance|fund)|out of credit|payment/i,
  quotaUnlessItPasses: /exceeded your current quota|quota/i,
  tooLong:
    /context_length_exceeded|string_above_max_length|maximum context length|context (size|window|length)|exceed_context_size|tokens_limit_reached|prompt is too long|request too large|too many tokens|input (length|tokens).*exceed/i,
  unknownModel:
    /unknown_model|model_not_found|unknown model|no such model|model\W.*(does not exist|not found|not exist)|not a valid model|invalid[ _]model/i,
  refused:
    /content_filter|content_policy|responsibleaipolicy|content management policy|moderation|flagged|safety (system|filter|settings)|prohibited_content/i,
  badKey: /api_key_invalid|invalid_api_key|api key (not valid|is invalid|expired)|incorrect api key/i,
  malformed:
    /roles must alternate|jinja|chat template|failed to parse|invalid json|json parse|unsupported (param|value)/i,
  overloaded: /overloaded|unavailable|server_error|internal|api_error|bad gateway/i,
  timedOut: /timed? ?out|deadline/i,
};

function classify(status: number | undefined, { code, message, details }: Complaint, retryAfterMs?: number): AiFailure {
  const text = `${code} ${message}`;
  if (status === 410) return "retired";
  if (status === 401) return "unauthorized";
  if (status === 402) return "quota";
  if (status === 429 || (status === undefined && /rate.?limit|too_many_requests|resource_exhausted/i.test(text)))
    return classify429(text, retryAfterMs);
  if (status === 413) return "too_long";
  if (status === 403) return words.refused.test(text) ? "refused" : classify403(text);
  if (status === 408 || status === 504) return "timeout";
  if (status === 404) return "unknown_model";

  // From here the words decide first: llama.cpp answers 500, and others 400, to all of these.
  if (words.tooLong.test(text)) return "too_long";
  if (words.refused.test(`${text} ${status === undefined ? "" : details}`)) return "refused";
  if (words.badKey.test(`${text} ${details}`)) return "unauthorized";
  if (words.quota.test(text)) return "quota";
  if (words.malformed.test(text) || status === 501) return "bad_request";
  if (status === undefined) return classifyUnnumbered(text);
  if (status >= 500 || status === 425) return "unavailable";
  return words.unknownModel.test(text) ? "unknown_model" : "bad_request";
}

/** Waiting helps, or never does. Google words a limit per minute like a spent quota, but says when it passes. */
function classify429(text: string, retryAfterMs: number | undefined): AiFailure {
  if (/request too large|tokens_limit_reached/i.test(text)) return "too_long";
  if (/insufficient_quota/i.test(text)) return "quota";
  if (retryAfterMs !== undefined) return "rate_limited";
  return words.quota.test(text) || words.quotaUnlessItPasses.test(text) ? "quota" : "rate_limited";
}

function classify403(text: string): AiFailure {
  return words.quota.test(text) ? "quota" : "unauthorized";
}

/** An error in mid-stream without any number. */
function classifyUnnumbered(text: string): AiFailure {
  if (words.unknownModel.test(text)) return "unknown_model";
  if (words.timedOut.test(text)) return "timeout";
  if (words.overloaded.test(text)) return "unavailable";
  return /invalid_request|bad_?request/i.test(text) ? "bad_request" : "broken";
}

/** Retry-After as seconds or a date, `retry-after-ms`, or Google's `retryDelay`. It may be hours: nobody sleeps on it here. */
function readRetryAfter({ headers = {} }: ErrorAnswer, { details }: Complaint): number | undefined {
  const header = (name: string) => {
    const value = headers[name];
    return typeof value === "string" ? value : value?.[0];
  };
  const delay = /"retryDelay":"(\d+(?:\.\d+)?)s"/.exec(details)?.[1];
  const waits = [
    Number(header("retry-after-ms") ?? Number.NaN),
    secondsOrDate(header("retry-after")),
    Number(delay) * 1_000,
  ];
  const waitMs = waits.find((wait) => Number.isFinite(wait));
  return waitMs === undefined ? undefined : Math.min(Math.max(0, Math.ceil(waitMs)), aiLimits.cooldownMsMax);
}

function secondsOrDate(value: string | undefined): number {
  if (!value?.trim()) return Number.NaN;
  const seconds = Number(value);
  return Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(value) - Date.now();
}
