import { createServer } from "node:http";
import { mkdtemp, mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { Channel, ChannelHealth } from "../../src/conversation/ports/channel.ts";
import { Secret } from "../../src/secret.ts";
import { startHttpServer, type HttpServer, type HttpServerOptions } from "../../src/web/http-server.ts";
import { until } from "../until.ts";
import { plainServer } from "./serve-chat.ts";

const started: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map(async (server) => server.close()));
});

async function serve(options: Partial<HttpServerOptions> = {}): Promise<HttpServer> {
  const server = await startHttpServer({ ...plainServer, ...options });
  started.push(server);
  return server;
}

const up = async () => {};
const down = async () => {
  throw new Error("connect ECONNREFUSED postgres://parley:hunter2@db:5432/parley");
};

const refused = "unhealthy: connect ECONNREFUSED [address]";

test.each([
  { when: "everything answers", database: up, redis: up, found: ["healthy", "healthy"] },
  { when: "the database is away", database: down, redis: up, found: [refused, "healthy"] },
  { when: "Redis is away", database: up, redis: down, found: ["healthy", refused] },
  { when: "both are away", database: down, redis: down, found: [refused, refused] },
])("/health when $when", async ({ database, redis, found }) => {
  const { url } = await serve({ checks: { database, redis } });
  const response = await fetch(`${url}/health`);
  const isHealthy = found.every((state) => state === "healthy");
  expect(response.status).toBe(isHealthy ? 200 : 503);
  const status = isHealthy ? "healthy" : "unhealthy";
  expect(await response.json()).toEqual({ status, database: found[0], redis: found[1] });
});

test("/health answers although Redis hangs, and many probes at once ask it once", async () => {
  let asked = 0;
  const hang = async () => {
    asked += 1;
    await new Promise<void>(() => {});
  };
  const { url } = await serve({ checks: { database: up, redis: hang } });
  const responses = await Promise.all(Array.from({ length: 5 }, async () => fetch(`${url}/health`)));
  for (const response of responses) {
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({
      status: "unhealthy",
      database: "healthy",
      redis: "unhealthy: no answer within 2 s",
    });
  }
  expect(asked).toBe(1);
  expect((await fetch(`${url}/live`)).status).toBe(200);
});

test("a refused connection without words is told by its code", async () => {
  const refused = Object.assign(new AggregateError([]), { code: "ECONNREFUSED" });
  const { url } = await serve({ checks: { database: async () => Promise.reject(refused), redis: up } });
  expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ database: "unhealthy: ECONNREFUSED" });
});

function channelWith(name: string, health: ChannelHealth): Channel {
  return {
    name,
    refuses: "in-room",
    receivesAlone: true,
    editIntervalMs: () => 1_000,
    listen: async () => {},
    show: async () => [],
    health: () => health,
  };
}

test("people are sent here once every channel hears or another instance does", async () => {
  const channels = new Map([["discord", channelWith("discord", { state: "connected" })]]);
  const { url, drain } = await serve({ channels });
  channels.set("telegram", channelWith("telegram", { state: "standby" }));
  const ready = await fetch(`${url}/ready`);
  expect(ready.status).toBe(200);
  expect(await ready.json()).toEqual({
    status: "ready",
    database: "healthy",
    channels: { discord: "connected", telegram: "standby" },
  });

  channels.set("telegram", channelWith("telegram", { state: "failed", reason: "the token is wrong" }));
  const deaf = await fetch(`${url}/ready`);
  expect(deaf.status).toBe(503);
  expect(await deaf.json()).toMatchObject({
    status: "not ready",
    channels: { discord: "connected", telegram: "failed: the token is wrong" },
  });

  channels.delete("telegram");
  expect((await fetch(`${url}/ready`)).status).toBe(200);
  drain();
  const draining = await fetch(`${url}/ready`);
  expect(draining.status).toBe(503);
  expect(await draining.json()).toMatchObject({ status: "draining" });
  expect((await fetch(`${url}/health`)).status).toBe(200);
});

test("nobody is sent here while the database is away", async () => {
  const { url } = await serve({ checks: { database: down, redis: up } });
  expect((await fetch(`${url}/ready`)).status).toBe(503);
});

test("an address that asks too often waits; probes do not count", async () => {
  const { url } = await serve({ perMinute: 3 });
  for (let i = 0; i < 10; i++) expect((await fetch(`${url}/health`)).status).toBe(200);
  for (let i = 0; i < 3; i++) expect((await fetch(`${url}/docs/json`)).status).toBe(200);
  const refused = await fetch(`${url}/docs/json`);
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(await refused.json()).toMatchObject({ error: "rate_limited", message: expect.stringContaining("Wait") });
});

test("two instances count an address together, and let it pass when the count is away", async () => {
  const counts = new Map<string, number>();
  let isAway = false;
  const sharedHits = async (key: string) => {
    if (isAway) throw new Error("Redis is away");
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return { count, leftMs: 30_000 };
  };
  const [one, two] = [await serve({ perMinute: 2, sharedHits }), await serve({ perMinute: 2, sharedHits })];
  expect((await fetch(`${one.url}/docs/json`)).status).toBe(200);
  expect((await fetch(`${two.url}/docs/json`)).status).toBe(200);
  expect((await fetch(`${one.url}/docs/json`)).status).toBe(429);
  isAway = true;
  expect((await fetch(`${one.url}/docs/json`)).status).toBe(200);
});

test("behind a trusted proxy each visitor has a count of their own", async () => {
  const { url } = await serve({ perMinute: 1, trustProxy: "127.0.0.1" });
  const from = async (address: string) => fetch(`${url}/docs/json`, { headers: { "x-forwarded-for": address } });
  expect((await from("192.0.2.1")).status).toBe(200);
  expect((await from("192.0.2.2")).status).toBe(200);
  expect((await from("192.0.2.1")).status).toBe(429);
});

test("pages run our own scripts only, and cannot be framed", async () => {
  const { url } = await serve();
  const { headers } = await fetch(url);
  const policy = headers.get("content-security-policy") ?? "";
  expect(policy).toContain("script-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain("unsafe");
  expect(policy).not.toContain("upgrade-insecure-requests");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("referrer-policy")).toBe("no-referrer");
  expect(headers.get("x-powered-by")).toBeNull();
});

test("without a built page people read what to run", async () => {
  const { url } = await serve({ pageDir: join(tmpdir(), "parley-no-page") });
  const response = await fetch(url);
  expect(response.status).toBe(200);
  expect(await response.text()).toContain("npm run build");
});

test("the built page is served fresh, its hashed files for good", async () => {
  const pageDir = await mkdtemp(join(tmpdir(), "parley-page-"));
  await mkdir(join(pageDir, "assets"));
  await writeFile(join(pageDir, "index.html"), "<!doctype html><title>Chat</title>");
  await writeFile(join(pageDir, "assets", "main-abc.js"), "export {}");
  const { url } = await serve({ pageDir });

  const page = await fetch(url);
  expect(page.headers.get("cache-control")).toBe("no-cache");
  expect(await page.text()).toContain("<title>Chat</title>");
  const script = await fetch(`${url}/assets/main-abc.js`);
  expect(script.headers.get("cache-control")).toContain("immutable");

  const lost = await fetch(`${url}/no/such/page`, { headers: { accept: "text/html" } });
  expect(lost.status).toBe(404);
  expect(await lost.text()).toContain("<title>Chat</title>");
  const program = await fetch(`${url}/api/nothing`, { headers: { accept: "text/html" } });
  expect(program.status).toBe(404);
  expect(await program.json()).toMatchObject({ error: "not_found" });
  expect((await fetch(`${url}/..%2f..%2fpackage.json`)).status).toBe(404);
});

test("an address that cannot be decoded is refused with words", async () => {
  const { url } = await serve();
  const response = await fetch(`${url}/%zz`);
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({ error: "bad_request", message: expect.stringContaining("%zz") });
});

test("the API is described at /docs, without inline scripts", async () => {
  const { url } = await serve();
  const page = await fetch(`${url}/docs`);
  expect(page.status).toBe(200);
  expect(await page.text()).not.toMatch(/<script(?![^>]*\bsrc=)/);
  expect(page.headers.get("content-security-policy")).toContain("script-src 'self'");
  const description = (await (await fetch(`${url}/docs/json`)).json()) as { openapi: string; paths: object };
  expect(description.openapi).toBe("3.1.0");
  expect(Object.keys(description.paths)).toContain("/health");
});

test("figures are for those with the token", async () => {
  const metrics = {
    token: new Secret("metrics-token"),
    read: async () => ({ contentType: "text/plain; version=0.0.4", body: "turns_total 1\n" }),
  };
  const { url } = await serve({ metrics });
  expect((await fetch(`${url}/metrics`)).status).toBe(401);
  expect((await fetch(`${url}/metrics`, { headers: { authorization: "Bearer no" } })).status).toBe(401);
  const figures = await fetch(`${url}/metrics`, { headers: { authorization: "Bearer metrics-token" } });
  expect(await figures.text()).toBe("turns_total 1\n");
  expect((await fetch(`${(await serve()).url}/metrics`)).status).toBe(404);
});

test("a port that is in use is told with what to do", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => other.once("listening", resolve));
  const address = other.address();
  const port = typeof address === "object" && address ? address.port : 0;
  await expect(serve({ port })).rejects.toThrow(`Port ${port} is in use by another program`);
  await expect(serve({ port })).rejects.toThrow("set PORT");
  await new Promise((resolve) => other.close(resolve));
});

test("an address of another machine is told with what to do", async () => {
  await expect(serve({ host: "192.0.2.1" })).rejects.toThrow("Set HOST");
});

test("each request leaves one line, without its query", async () => {
  const lines: { message: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const note = (fields: Readonly<Record<string, unknown>>, message: string) => void lines.push({ fields, message });
  const { url, close } = await serve({ log: { info: note, warn: note, error: note } });
  const response = await fetch(`${url}/api/x?token=hunter2`);
  await fetch(`${url}/live`);
  await close();
  expect(lines.map(({ message }) => message)).toEqual(["GET /api/x 404"]);
  expect(lines[0]?.fields).toMatchObject({ request: response.headers.get("x-request-id"), status: 404 });
  expect(JSON.stringify(lines)).not.toContain("hunter2");
});

test("a bug is answered with a reference, and its reason stays in the log", async () => {
  const lines: string[] = [];
  const note = (fields: Readonly<Record<string, unknown>>, message: string) => {
    lines.push(`${message} ${String(fields["request"])}`);
  };
  const { url } = await serve({
    log: { info: note, warn: note, error: note },
    routes: [async (app) => void app.get("/broken", async () => Promise.reject(new Error("postgres://u:p@h")))],
  });
  const response = await fetch(`${url}/broken`);
  const body = (await response.json()) as { error: string; message: string };
  expect(response.status).toBe(500);
  expect(Object.keys(body)).toEqual(["error", "message"]);
  expect(body.message).not.toContain("postgres");
  expect(lines.some((line) => line.startsWith("A request failed"))).toBe(true);
  expect(body.message).toContain(response.headers.get("x-request-id"));
});

/** Serves a route that answers when it is told to. */
async function serveSlow() {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const server = await serve({
    routes: [
      async (app) =>
        void app.get("/slow", async () => {
          asked.resolve();
          await answer.promise;
          return { done: true };
        }),
    ],
  });
  return { ...server, asked: asked.promise, answer: answer.resolve };
}

test("a request that is under way when the server closes is still answered", async () => {
  const { url, close, asked, answer } = await serveSlow();
  const running = fetch(`${url}/slow`);
  await asked;
  const closed = close();
  const isRefused = async () => fetch(`${url}/live`).catch((error: unknown) => String(error).includes("fetch failed"));
  await until(async () => (await isRefused()) === true, "nobody new is let in");
  const answeredAt = performance.now();
  answer();
  expect(await (await running).json()).toEqual({ done: true });
  await closed;
  expect(performance.now() - answeredAt).toBeLessThan(4_000); // what does not end is cut off after 5 s
});

test("a request that never ends does not hold the close up", async () => {
  const { url, close, asked } = await serveSlow();
  const running = fetch(`${url}/slow`).catch(() => "cut off");
  await asked;
  await Promise.all([close(), close()]);
  expect(await running).toBe("cut off");
});

test.each(["proxy.example", "10.0.0.0/8, nonsense", "1.2.3"])(
  "TRUST_PROXY=%s is told with what to do",
  async (list) => {
    await expect(serve({ trustProxy: list })).rejects.toThrow("TRUST_PROXY");
  },
);
