/** What the double can do wrong. A status is answered instead of a stream; the words are faults of the stream itself. */
export type AiFault =
  | {
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** This JSON arrives as an event after half of the tokens (or after `afterTokens`), then the stream ends. */
  | { readonly event: unknown; readonly afterTokens?: number }
  /** The request is taken and nothing comes, not even headers. */
  | "hang"
  /** Headers, then nothing. */
  | "hang-before-token"
  /** Headers and comments for ever, never a token. */
  | "only-comments"
  /** The socket is destroyed before any header. */
  | "reset"
  /** The socket is destroyed after the headers. */
  | "cut-before-token"
  /** Half of the tokens, then nothing. */
  | "stall"
  /** Half of the tokens, then the socket is destroyed. */
  | "cut"
  /** Half of the tokens, then a clean end without a finish reason and without [DONE]. */
  | "no-end"
  /** Everything and a [DONE], but no finish reason. */
  | "no-finish"
  /** Everything and a finish reason, but no [DONE]. */
  | "no-done"
  /** Everything and a finish reason, then the socket stays open and silent. */
  | "open-end"
  /** A finish reason and no text. */
  | "empty"
  /** Half of the tokens, then an event that is not JSON. */
  | "malformed"
  /** An event that never ends. */
  | "endless-line"
  /** 200 and a web page. */
  | "html"
  /** 200 and a JSON body that is an error. */
  | "json-error";

/** What a correct server may send besides the text. */
export type AiNoise =
  | "comments"
  | "empty-choices"
  | "null-content"
  | "reasoning-content"
  | "reasoning"
  | "think-tags"
  | "thinking-parts"
  /** Chunks end in the middle of characters. */
  | "split-bytes"
  | "crlf";

/** Errors as the providers word them, each with its status: see FACTS on AI backends. */
export const providerErrors = {
  openaiUnauthorized: {
    status: 401,
    body: {
      error: {
        message:
          "Incorrect API key provided: sk-proj-abcdefghijklmnopqrstuvwx. You can find your API key at https://platform.openai.com/account/api-keys.",
        type: "invalid_request_error",
        param: null,
        code: "invalid_api_key",
      },
    },
  },
  openaiRateLimit: {
    status: 429,
    body: {
      error: {
        message: "Rate limit reached for gpt-5 on requests per min (RPM): Limit 3, Used 3, Requested 1.",
        type: "requests",
        param: null,
        code: "rate_limit_exceeded",
      },
    },
  },
  openaiTooLargeForRate: {
    status: 429,
    body: {
      error: {
        message: "Request too large for gpt-5 on tokens per min (TPM): Limit 30000, Requested 40960.",
        type: "tokens",
        param: null,
        code: "rate_limit_exceeded",
      },
    },
  },
  openaiQuota: {
    status: 429,
    body: {
      error: {
        message: "You exceeded your current quota, please check your plan and billing details.",
        type: "insufficient_quota",
        param: null,
        code: "insufficient_quota",
      },
    },
  },
  openaiBillingLimit: {
    status: 400,
    body: {
      error: {
        message: "Billing hard limit has been reached",
        type: "invalid_request_error",
        param: null,
        code: "billing_hard_limit_reached",
      },
    },
  },
  openaiContext: {
    status: 400,
    body: {
      error: {
        message:
          "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens.",
        type: "invalid_request_error",
        param: "messages",
        code: "context_length_exceeded",
      },
    },
  },
  openaiUnknownModel: {
    status: 404,
    body: {
      error: {
        message: "The model `gpt-4` does not exist or you do not have access to it.",
        type: "invalid_request_error",
        param: null,
        code: "model_not_found",
      },
    },
  },
  openaiDown: {
    status: 500,
    body: {
      error: {
        message: "The server had an error while processing your request.",
        type: "server_error",
        param: null,
        code: null,
      },
    },
  },
  openaiMaxTokens: {
    status: 400,
    body: {
      error: {
        message:
          "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        type: "invalid_request_error",
        param: "max_tokens",
        code: "unsupported_parameter",
      },
    },
  },
  anthropicOverloaded: {
    status: 529,
    body: { type: "error", error: { type: "overloaded_error", message: "Overloaded" } },
  },
  anthropicNoCredit: {
    status: 400,
    body: {
      error: {
        code: "invalid_request_error",
        type: "invalid_request_error",
        message: "Your credit balance is too low to access the Anthropic API.",
      },
    },
  },
  googleRateLimit: {
    status: 429,
    body: [
      {
        error: {
          code: 429,
          message: "You exceeded your current quota, please check your plan and billing details.",
          status: "RESOURCE_EXHAUSTED",
          details: [
            { "@type": "type.googleapis.com/google.rpc.QuotaFailure", violations: [{ quotaId: "PerMinute" }] },
            { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "37.5s" },
          ],
        },
      },
    ],
  },
  googleBadKey: {
    status: 400,
    body: [
      {
        error: {
          code: 400,
          message: "API key not valid. Please pass a valid API key.",
          status: "INVALID_ARGUMENT",
          details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "API_KEY_INVALID" }],
        },
      },
    ],
  },
  azureFiltered: {
    status: 400,
    body: {
      error: {
        message: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
        type: null,
        param: "prompt",
        code: "content_filter",
        status: 400,
        innererror: { code: "ResponsibleAIPolicyViolation" },
      },
    },
  },
  openrouterNoCredit: {
    status: 402,
    body: { error: { message: "Insufficient credits. Add more using https://openrouter.ai/credits", code: 402 } },
  },
  openrouterModerated: {
    status: 403,
    body: {
      error: {
        code: 403,
        message: "Your chosen model requires moderation and your input was flagged",
        metadata: { reasons: ["violence"], flagged_input: "…", provider_name: "OpenAI" },
      },
    },
  },
  openrouterUpstream: {
    status: 502,
    body: {
      error: {
        code: 502,
        message: "Provider returned error",
        metadata: { provider_name: "Acme", raw: '{"error":"upstream exploded"}' },
      },
    },
  },
  mistralUnknownField: {
    status: 422,
    body: {
      object: "error",
      message: {
        detail: [{ type: "extra_forbidden", loc: ["body", "stream_options"], msg: "Extra inputs are not permitted" }],
      },
      type: "invalid_request_error",
      param: null,
      code: null,
    },
  },
  groqTooLong: {
    status: 413,
    body: { error: { message: "Request too large", type: "tokens", code: "rate_limit_exceeded" } },
  },
  vllmContext: {
    status: 400,
    body: {
      object: "error",
      message: "This model's maximum context length is 4096 tokens. Please reduce the length of the messages.",
      type: "BadRequestError",
      param: null,
      code: 400,
    },
  },
  vllmUnknownModel: {
    status: 404,
    body: {
      object: "error",
      message: "The model `nope` does not exist.",
      type: "NotFoundError",
      param: null,
      code: 404,
    },
  },
  llamaCppRoles: {
    status: 500,
    body: {
      error: {
        code: 500,
        message: "Conversation roles must alternate user/assistant/user/assistant/...",
        type: "server_error",
      },
    },
  },
  llamaCppLoading: {
    status: 503,
    body: { error: { code: 503, message: "Loading model", type: "unavailable_error" } },
  },
  llamaCppContext: {
    status: 400,
    body: {
      error: {
        code: 400,
        message: "the request exceeds the available context size. try increasing the context size",
        type: "exceed_context_size_error",
        n_prompt_tokens: 9000,
        n_ctx: 4096,
      },
    },
  },
  ollamaUnknownModel: { status: 404, body: { error: "model 'nope' not found" } },
  ollamaMemory: {
    status: 500,
    body: { error: "model requires more system memory (8.4 GiB) than is available (3.1 GiB)" },
  },
  githubUnknownModel: {
    status: 400,
    body: { error: { code: "unknown_model", message: "Unknown model: openai/gpt-9", details: "Unknown model" } },
  },
  githubTooLong: {
    status: 413,
    body: {
      error: {
        code: "tokens_limit_reached",
        message: "Request body too large for gpt-4o model. Max size: 8000 tokens.",
      },
    },
  },
  githubRateLimit: {
    status: 429,
    headers: { "retry-after": "68400" },
    body: {
      error: {
        code: "RateLimitReached",
        message:
          "Rate limit of 50 per 86400s exceeded for UserByModelByDay. Please wait 68400 seconds before retrying.",
        details: "Rate limit exceeded",
      },
    },
  },
  githubRetired: {
    status: 410,
    body: { error: { code: "gone", message: "GitHub Models is temporarily unavailable due to a scheduled brownout." } },
  },
  nginxDown: {
    status: 502,
    headers: { "content-type": "text/html" },
    body: "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>",
  },
} as const satisfies Record<string, AiFault>;
