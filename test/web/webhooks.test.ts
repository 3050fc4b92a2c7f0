import { expect, test } from "vitest";
import { ChannelError, StoreError } from "../../src/conversation/domain/errors.ts";
import { BadDeliveryError, type Webhook } from "../../src/conversation/ports/channel.ts";
import { Secret } from "../../src/secret.ts";
import { startHttpServer } from "../../src/web/http-server.ts";
import { plainServer } from "./serve-chat.ts";

const secret = new Secret("correct-horse");
const json = { "content-type": "application/json", "x-secret": "correct-horse" };

/** A platform that calls us: takes objects with an id, and fails as told. */
async function servePlatform(failure?: Error) {
  const received: unknown[] = [];
  const webhook: Webhook = {
    path: "/api/webhook/platform",
    isAuthentic: ({ "x-secret": given }) => typeof given === "string" && secret.equals(given),
    async receive(body) {
      if (failure) throw failure;
      const isDelivery = typeof body === "object" && body !== null && "id" in body;
      if (!isDelivery) throw new BadDeliveryError("A delivery needs an id.");
      received.push(body);
    },
  };
  const server = await startHttpServer({ ...plainServer, webhooks: [webhook], perMinute: 2 });
  const deliver = async (body: string, headers: Record<string, string> = json) =>
    fetch(`${server.url}/api/webhook/platform`, { method: "POST", headers, body });
  return { received, deliver, [Symbol.asyncDispose]: async () => server.close() };
}

test("a delivery is acknowledged after it was received, as often as the platform likes", async () => {
  await using platform = await servePlatform();
  for (let id = 1; id <= 20; id++) {
    const response = await platform.deliver(JSON.stringify({ id }));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: "ok" });
  }
  expect(platform.received).toHaveLength(20);
});

test.each<[string, Record<string, string>]>([
  ["no secret", { "content-type": "application/json" }],
  ["a wrong secret", { ...json, "x-secret": "correct-horsf" }],
  ["a wrong secret and a body that is no JSON", { "content-type": "text/xml", "x-secret": "x" }],
])("%s is a 401 before the body is read", async (_, headers) => {
  await using platform = await servePlatform();
  const response = await platform.deliver("{ not json", headers);
  expect(response.status).toBe(401);
  expect(await response.json()).toMatchObject({ error: "unauthorized", message: expect.stringContaining("secret") });
});

test.each([
  ["no JSON", "{ not json", 400],
  ["nothing", "", 400],
  ["another shape", "[1]", 400],
  ["null", "null", 400],
  ["a poisoned prototype", '{"__proto__": {"id": 1}}', 400],
  ["more than 1 MiB", JSON.stringify({ id: "x".repeat(1024 * 1024) }), 413],
])("a body of %s is refused with words", async (_, body, status) => {
  await using platform = await servePlatform();
  const response = await platform.deliver(body);
  expect(response.status).toBe(status);
  expect(await response.json()).toEqual({ error: expect.any(String), message: expect.stringMatching(/\w.*\.$/) });
  expect(platform.received).toEqual([]);
});

test("a body that is not called JSON is a 415", async () => {
  await using platform = await servePlatform();
  for (const type of ["text/plain", "application/xml", "application/x-www-form-urlencoded"])
    expect((await platform.deliver("{}", { ...json, "content-type": type })).status).toBe(415);
});

test.each([
  ["the database is away", new StoreError("pool is gone: postgres://u:p@h", undefined)],
  ["the platform must wait", new ChannelError("busy", { retryable: true, retryAfterMs: 3_000 })],
])("while %s the platform is asked to come again", async (_, failure) => {
  await using platform = await servePlatform(failure);
  const response = await platform.deliver(JSON.stringify({ id: 1 }));
  expect(response.status).toBe(503);
  expect(Number(response.headers.get("retry-after"))).toBe(failure.retryAfterMs / 1_000);
  expect(await response.text()).not.toContain(failure.message);
});
