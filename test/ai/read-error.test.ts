import { expect, test } from "vitest";
import { readError } from "../../src/ai/read-error.ts";
import type { AiFailure } from "../../src/conversation/domain/errors.ts";
import { Secret } from "../../src/secret.ts";
import { providerErrors } from "../doubles/ai-faults.ts";

const who = { label: "Acme", preset: "custom" } as const;

const kinds: Readonly<Record<keyof typeof providerErrors, AiFailure>> = {
  openaiUnauthorized: "unauthorized",
  openaiRateLimit: "rate_limited",
  openaiTooLargeForRate: "too_long",
  openaiQuota: "quota",
  openaiBillingLimit: "quota",
  openaiContext: "too_long",
  openaiUnknownModel: "unknown_model",
  openaiDown: "unavailable",
  openaiMaxTokens: "bad_request",
  anthropicOverloaded: "unavailable",
  anthropicNoCredit: "quota",
  googleRateLimit: "rate_limited",
  googleBadKey: "unauthorized",
  azureFiltered: "refused",
  openrouterNoCredit: "quota",
  openrouterModerated: "refused",
  openrouterUpstream: "unavailable",
  mistralUnknownField: "bad_request",
  groqTooLong: "too_long",
  vllmContext: "too_long",
  vllmUnknownModel: "unknown_model",
  llamaCppRoles: "bad_request",
  llamaCppLoading: "unavailable",
  llamaCppContext: "too_long",
  ollamaUnknownModel: "unknown_model",
  ollamaMemory: "unavailable",
  githubUnknownModel: "unknown_model",
  githubTooLong: "too_long",
  githubRateLimit: "rate_limited",
  githubRetired: "retired",
  nginxDown: "unavailable",
};

test.each(Object.entries(kinds))("%s means %s, whether its body is text or JSON", (name, kind) => {
  const fault = providerErrors[name as keyof typeof providerErrors];
  const { status, body } = fault;
  const headers = "headers" in fault ? fault.headers : {};
  for (const form of [body, typeof body === "string" ? body : JSON.stringify(body)]) {
    const error = readError({ status, headers, body: form }, who);
    expect(error.kind).toBe(kind);
    expect(error.message).toContain("Acme");
    expect(error.message.length).toBeLessThan(450);
    expect(error.message).not.toMatch(/[<>\n]|sk-proj/);
  }
});

test("what the server said reaches the operator", () => {
  expect(readError({ status: 422, body: providerErrors.mistralUnknownField.body }, who).message).toBe(
    "Acme answered 422: body.stream_options Extra inputs are not permitted",
  );
  expect(readError({ status: 502, body: providerErrors.openrouterUpstream.body }, who).message).toContain(
    "upstream exploded",
  );
  expect(readError({ status: 404, body: "404 page not found" }, who).message).toContain("AI_BASE_URL lacks its /v1");
  expect(readError({ status: 500, body: "" }, who).message).toBe("Acme answered 500");
});

test("a 429 says how long to wait, in every dialect", () => {
  const wait = (headers: Record<string, string>, body: unknown = {}) =>
    readError({ status: 429, headers, body }, who).retryAfterMs;
  expect(wait({ "retry-after": "7" })).toBe(7_000);
  expect(wait({ "retry-after": "0.5" })).toBe(500);
  expect(wait({ "retry-after-ms": "1500", "retry-after": "2" })).toBe(1_500);
  expect(wait({ "retry-after": "68400" })).toBe(19 * 3_600_000);
  expect(wait({}, providerErrors.googleRateLimit.body)).toBe(37_500);
  expect(wait({ "retry-after": "99999999" })).toBe(24 * 3_600_000);
  expect(wait({ "retry-after": "soon" })).toBe(0);
  expect(wait({ "retry-after": new Date(Date.now() - 60_000).toUTCString() })).toBe(0);
  const inAMinute = wait({ "retry-after": new Date(Date.now() + 60_000).toUTCString() });
  expect(inAMinute).toBeGreaterThan(57_000);
  expect(inAMinute).toBeLessThanOrEqual(60_000);
});

test("bodies of any shape are errors and nothing worse", () => {
  for (const body of [
    "",
    "{",
    "null",
    "[]",
    "42",
    "[[]]",
    '{"error":null}',
    '{"error":[1]}',
    '{"detail":[{"loc":1}]}',
    "x".repeat(500_000),
  ])
    expect(readError({ status: 500, body }, who)).toMatchObject({ kind: "unavailable", retryable: true });
});

test("keys are removed, one's own and any that looks like one", () => {
  const own = "my very own key";
  const body = `${own} Bearer abcdef123456 sk-ant-api03-XXXX gsk_abcd1234 ghp_abcd1234 AIzaSyABCDEF?key=1234567&x //user:pass@host`;
  const { message } = readError({ status: 418, body }, { ...who, key: new Secret(own) });
  expect(message).not.toMatch(/my very own|abcdef123456|api03|abcd1234|SyABC|1234567|user:pass/);
});
