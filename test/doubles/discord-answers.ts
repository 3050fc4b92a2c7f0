/** An answer of Discord's HTTP API. */
export type Answer = {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

export function apiError(status: number, code: number, message: string): Answer {
  return { status, body: { message, code } };
}

/** 50035: a field is not as it must be. */
export function invalid(field: string, reason: string): Answer {
  const errors = { [field]: { _errors: [{ code: reason, message: `Not a valid ${field}.` }] } };
  return { status: 400, body: { message: "Invalid Form Body", code: 50_035, errors } };
}
