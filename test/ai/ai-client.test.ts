import { expect, test } from "vitest";
import { aiClient, type Target } from "../../src/ai/ai-client.ts";
import type { AiLimits } from "../../src/ai/ai-limits.ts";
import type { AiClient } from "../../src/conversation/ports/ai-client.ts";
import type { AiDouble } from "../doubles/ai-double.ts";
import { providerErrors, type AiFault } from "../doubles/ai-faults.ts";
import { until } from "../until.ts";
import { aiErrorOf, ask, clientOf, double, hastyLimits, promptOf, shortLimits } from "./ask.ts";

const unavailable: AiFault = providerErrors.openaiDown;
const slowDown = (seconds: string): AiFault => ({
  ...providerErrors.openaiRateLimit,
  headers: { "retry-after": seconds },
});

/** A client that asks `ai`, then the fallbacks; and what the operator was told. */
function resilient(ai: AiDouble, fallbacks: readonly Target[] = [], limits: AiLimits = shortLimits) {
  const reports: string[] = [];
  const first = (model: string): Target => ({ name: `Acme ${model}`, model, client: clientOf(ai, limits) });
  const client: AiClient = aiClient({ first, fallbacks }, limits, (what) => void reports.push(what));
  return { client, reports };
}

function fallbackTo(ai: AiDouble, model = "other-model"): Target {
  return { name: `Fallback ${model}`, model, client: clientOf(ai) };
}

test("a model that fails twice answers the third time, and the person sees it once", async () => {
  const ai = await double();
  ai.failNext(1, unavailable);
  ai.failNext(1, "cut-before-token");
  expect(await ask(resilient(ai).client)).toMatchObject({
    text: "You said: one two three four",
    end: { end: "complete" },
  });
  expect(ai.requestCount).toBe(3);
});

test("after two repetitions the failure is told", async () => {
  const ai = await double();
  ai.failWhile(unavailable);
  const { client, reports } = resilient(ai);
  const error = aiErrorOf(await ask(client));
  expect(error).toMatchObject({ kind: "unavailable", retryable: true });
  expect(ai.requestCount).toBe(3);
  expect(reports).toEqual(["Acme test-model did not answer"]);
});

test("a timeout is tried once more, not twice", async () => {
  const ai = await double();
  ai.failWhile("hang");
  expect(aiErrorOf(await ask(resilient(ai, [], hastyLimits).client)).kind).toBe("timeout");
  expect(ai.requestCount).toBe(2);
});

test.each([400, 401, 402, 403, 404, 410, 413, 422])("after %i the same model is never asked again", async (status) => {
  const ai = await double();
  ai.failWhile({ status, body: { error: { message: "no" } } });
  const error = aiErrorOf(await ask(resilient(ai).client));
  expect(error.retryable).toBe(false);
  expect(ai.requestCount).toBe(1);
});

test.each([
  ["unavailable", unavailable, 3],
  ["hang", "hang", 2],
  ["rate limit for hours", providerErrors.githubRateLimit, 1],
  ["quota", providerErrors.openaiQuota, 1],
  ["unknown model", providerErrors.openaiUnknownModel, 1],
  ["retired", providerErrors.githubRetired, 1],
  ["unauthorized", providerErrors.openaiUnauthorized, 1],
] as const)("on %s the fallback answers, under its own name", async (_, fault, asked) => {
  const ai = await double();
  const other = await double();
  ai.failWhile(fault);
  const outcome = await ask(resilient(ai, [fallbackTo(other)], fault === "hang" ? hastyLimits : shortLimits).client);
  expect(outcome).toMatchObject({ text: "You said: one two three four", end: { model: "other-model" } });
  expect(ai.requestCount).toBe(asked);
  expect(other.requestCount).toBe(1);
});

test.each([
  ["too long", providerErrors.openaiContext],
  ["refused", providerErrors.azureFiltered],
  ["malformed", providerErrors.llamaCppRoles],
] as const)("a request that is %s is not tried elsewhere", async (_, fault) => {
  const ai = await double();
  const other = await double();
  ai.failWhile(fault);
  aiErrorOf(await ask(resilient(ai, [fallbackTo(other)]).client));
  expect(other.requestCount).toBe(0);
});

test("once a word is seen there is no repetition and no fallback", async () => {
  const ai = await double({ tokenMs: 1 });
  const other = await double();
  ai.failNext(1, "cut");
  const outcome = await ask(resilient(ai, [fallbackTo(other)]).client);
  expect(outcome.text).toBe("You said: one");
  expect(aiErrorOf(outcome).kind).toBe("unavailable");
  expect([ai.requestCount, other.requestCount]).toEqual([1, 0]);
});

test("a short Retry-After is waited for", async () => {
  const ai = await double();
  ai.failNext(1, slowDown("0.05"));
  expect((await ask(resilient(ai).client)).end?.end).toBe("complete");
  const [first, second] = ai.requests;
  expect(Number(second?.atMs) - Number(first?.atMs)).toBeGreaterThanOrEqual(48);
});

test("a long Retry-After is not waited for but remembered: the model is left alone meanwhile", async () => {
  const ai = await double();
  const other = await double();
  ai.failNext(1, slowDown("68400"));
  const { client } = resilient(ai, [fallbackTo(other)]);
  for (let index = 0; index < 3; index++) expect((await ask(client)).end?.model).toBe("other-model");
  expect(ai.requestCount).toBe(1);
  expect((await ask(client, promptOf("hi", "other-model"))).end?.model, "another model has its own limit").toBe(
    "other-model",
  );
  expect(ai.requestCount).toBe(2);
});

test("alone, a limited model says how long it wants to be left alone", async () => {
  const ai = await double();
  ai.failNext(1, slowDown("3600"));
  const { client } = resilient(ai);
  for (let index = 0; index < 2; index++) {
    const error = aiErrorOf(await ask(client));
    expect(error.kind).toBe("rate_limited");
    expect(error.retryAfterMs).toBeGreaterThan(3_590_000);
  }
  expect(ai.requestCount).toBe(1);
});

test("a cooldown ends", async () => {
  const ai = await double();
  ai.failNext(1, slowDown("2"));
  const { client } = resilient(ai);
  expect(aiErrorOf(await ask(client)).kind).toBe("rate_limited");
  await until(async () => (await ask(client)).end);
  expect(ai.requestCount).toBe(2);
});

test("a model that fails five times in a row is left alone, then probed once, and answers again", async () => {
  const ai = await double();
  const heal = ai.failWhile(unavailable);
  const { client, reports } = resilient(ai);
  await ask(client);
  await ask(client);
  expect(reports).toContain("Acme test-model fails too often and is left alone for a while");
  const before = ai.requestCount;
  expect(before).toBe(5);
  const error = aiErrorOf(await ask(client));
  expect(error).toMatchObject({ kind: "unavailable", retryable: true });
  expect(error.retryAfterMs).toBeGreaterThan(0);
  expect(ai.requestCount).toBe(before);

  heal();
  await until(async () => (await ask(client)).end, "the breaker to close");
  expect(ai.requestCount).toBe(before + 1);
});

test("while one probe runs the others do not wait for it", async () => {
  const ai = await double();
  const other = await double();
  const heal = ai.failWhile(unavailable);
  const { client } = resilient(ai, [fallbackTo(other)]);
  await ask(client);
  await ask(client);
  heal();
  const openUntilMs = Date.now() + shortLimits.breakerOpenMs;
  await until(() => Date.now() > openUntilMs);
  ai.hold();
  const probe = ask(client);
  await until(() => ai.running === 1);
  expect((await ask(client)).end?.model).toBe("other-model");
  ai.release();
  expect((await probe).end?.model).toBe("test-model");
});

test("each failed probe doubles the time a model is left alone", async () => {
  const ai = await double();
  ai.failWhile(unavailable);
  const { client } = resilient(ai);
  await ask(client);
  const opened = aiErrorOf(await ask(client));
  expect(opened.retryAfterMs).toBeLessThanOrEqual(shortLimits.breakerOpenMs);
  expect(opened.message).toContain("the last time: your AI server answered 500: The server had an error");
  await until(async () => {
    await ask(client);
    return ai.requestCount === 6;
  }, "the probe");
  expect(aiErrorOf(await ask(client)).retryAfterMs).toBeGreaterThan(shortLimits.breakerOpenMs);
});

test("half of the calls failing opens the breaker too; limits and bad requests never do", async () => {
  const ai = await double();
  const limits = { ...shortLimits, retriesMax: 0 };
  const { client, reports } = resilient(ai, [], limits);
  for (const fault of [slowDown("0"), providerErrors.openaiContext, providerErrors.openaiUnauthorized])
    for (let index = 0; index < 6; index++) {
      ai.failNext(1, fault);
      await ask(client);
    }
  expect(ai.requestCount).toBe(18);
  for (let index = 0; index < 6; index++) {
    if (index % 2 === 1) ai.failNext(1, unavailable);
    await ask(client);
  }
  expect(reports).toContain("Acme test-model fails too often and is left alone for a while");
});

test("failures after the first word count for the breaker", async () => {
  const ai = await double({ tokenMs: 1 });
  ai.failWhile("cut");
  const { client, reports } = resilient(ai);
  for (let index = 0; index < 6; index++) await ask(client);
  expect(reports).toContain("Acme test-model fails too often and is left alone for a while");
});

test("people who stop an answer do not make its model look broken", async () => {
  const ai = await double();
  const { client, reports } = resilient(ai);
  for (let index = 0; index < 8; index++) {
    ai.failNext(1, "hang");
    const controller = new AbortController();
    const asked = ask(client, promptOf("hi"), controller.signal);
    await until(() => ai.requestCount === index + 1);
    controller.abort("stopped");
    expect((await asked).error).toBe("stopped");
  }
  expect(reports).toEqual([]);
  expect((await ask(client)).end?.end).toBe("complete");
});

test("an abort during a pause rejects at once", async () => {
  const ai = await double();
  ai.failWhile(unavailable);
  const { client } = resilient(ai, [], { ...shortLimits, backoffMs: 60_000, backoffMsMax: 60_000 });
  const controller = new AbortController();
  const asked = ask(client, promptOf("hi"), controller.signal);
  await until(() => ai.requestCount > 0 && ai.running === 0);
  controller.abort("shutdown");
  expect((await asked).error).toBe("shutdown");

  const before = AbortSignal.abort("lost");
  expect((await ask(client, promptOf("hi"), before)).error).toBe("lost");
});

test("when all fail, the error can be retried if any can, after the least wait, and names them all", async () => {
  const ai = await double();
  const other = await double();
  ai.failWhile(providerErrors.openaiUnknownModel);
  other.failWhile(slowDown("3600"));
  const error = aiErrorOf(await ask(resilient(ai, [fallbackTo(other), fallbackTo(other, "test-model")]).client));
  expect(error).toMatchObject({ kind: "rate_limited", retryable: true });
  expect(error.retryAfterMs).toBeGreaterThan(3_590_000);
  expect(error.message).toMatch(/429.*404.*429/);

  const gone = await double();
  gone.failWhile(providerErrors.openaiQuota);
  expect(aiErrorOf(await ask(resilient(gone, [fallbackTo(gone)]).client))).toMatchObject({
    kind: "quota",
    retryable: false,
  });
});

test("a fallback that is the chosen model itself is not asked twice", async () => {
  const ai = await double();
  ai.failWhile(providerErrors.openaiQuota);
  const own: Target = { name: "Acme test-model", model: "test-model", client: clientOf(ai) };
  await ask(resilient(ai, [own]).client);
  expect(ai.requestCount).toBe(1);
});
