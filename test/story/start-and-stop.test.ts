import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { databaseProxy } from "../setup/database-proxy.ts";
import { findFreePort } from "../setup/find-free-port.ts";
import { findRedis } from "../setup/find-redis.ts";
import { startRedis } from "../setup/redis.ts";
import { until } from "../until.ts";
import { openWorld, type World } from "./open-world.ts";
import { type Parley, spawnParley, startParley } from "./start-parley.ts";
import { visit } from "./visit.ts";

let world: World;

beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const ended = async (parley: Parley) => ({ code: await parley.exited, output: parley.output() });
const getJson = async (url: string) => {
  const response = await fetch(url);
  return { status: response.status, body: await response.json() };
};

test("with nothing configured it starts on a database of its own, tells what is off, and a demo answers; again after kill -9", async () => {
  const home = await mkdtemp(join(tmpdir(), "parley-home-"));
  const PORT = String(await findFreePort());
  const first = await startParley({ DATA_DIR: home, PORT });
  for (const line of [
    "the built-in demo answers",
    "DISCORD_TOKEN turns it on",
    "TELEGRAM_TOKEN turns it on",
    "DATABASE_URL",
    "REDIS_URL",
  ])
    expect(first.output()).toContain(line);
  const page = await visit(first.url);
  const reply = await page.ask("What can you do?");
  expect(reply?.text).toMatch(/demo/i);
  expect(reply?.text).toMatch(/AI_BASE_URL|OPENAI_API_KEY/);

  const second = await ended(spawnParley({ DATA_DIR: home }));
  expect(second.code).toBe(1);
  expect(second.output).toMatch(/already|another/i);
  expect(second.output).not.toMatch(/\n\s+at /);

  await first.kill();
  const third = await startParley({ DATA_DIR: home, PORT });
  await page.reload();
  expect(page.turns().map(({ text }) => text)).toContain("What can you do?");
  expect(await third.stop()).toBe(0);
  await rm(home, { recursive: true, force: true });
});

test("the steps of the start are logged in the design's order, each with its duration", async () => {
  const { output } = await world.start();
  const steps = [...output().matchAll(/"step":"([^"]+)","ms":\d+/g)].map(([, step]) => step);
  expect(steps).toEqual(
    ["database", "migrations", "Redis", "AI client", "HTTP"].filter((step) => steps.includes(step)),
  );
  expect(steps.length).toBeGreaterThanOrEqual(4);
});

test("all mistakes of the configuration are told at once, and nothing starts", async () => {
  const { code, output } = await ended(spawnParley({ PORT: "eighty", LOG_LEVEL: "loud", HOST: "0.0.0.0" }));
  expect(code).toBe(1);
  for (const name of ["PORT", "LOG_LEVEL", "WEB_ACCESS_TOKEN"]) expect(output).toContain(`- ${name}`);
  expect(output).not.toMatch(/\n\s+at /);
});

test("a database that cannot be reached says which step failed, why, and what to do, without the password", async () => {
  const { code, output } = await ended(
    spawnParley({ DATABASE_URL: "postgres://parley:hunter2hunter2@127.0.0.1:9/parley" }),
  );
  expect(code).toBe(1);
  expect(output).toMatch(/database could not be started: .*ECONNREFUSED/);
  expect(output).toContain("Check DATABASE_URL");
  expect(output).not.toContain("hunter2");
});

test("a busy port gets a clear sentence", async () => {
  const squatter = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => squatter.once("listening", resolve));
  const { port } = squatter.address() as { port: number };
  const { code, output } = await ended(spawnParley(world.settings({ PORT: String(port) })));
  squatter.close();
  expect(code).toBe(1);
  expect(output).toMatch(new RegExp(`${port} .*(in use|taken)`));
});

test("eight instances that start at once on an empty database all start", async () => {
  const instances = await Promise.all(Array.from({ length: 8 }, () => world.start()));
  expect(instances.every(({ url }) => url)).toBe(true);
  expect(await world.count("migrations")).toBeGreaterThan(0);
});

test("/health is exact: healthy, and with the database away unhealthy, and well again by itself", async () => {
  const { url } = await world.start();
  expect(await getJson(`${url}/health`)).toEqual({
    status: 200,
    body: { status: "healthy", database: "healthy", redis: "healthy" },
  });
  expect((await fetch(`${url}/live`)).status).toBe(200);
  expect((await fetch(`${url}/ready`)).status).toBe(200);

  const reopen = await world.closeDatabase();
  const sick = await until(async () => {
    const answer = await getJson(`${url}/health`);
    return answer.status === 503 ? answer : undefined;
  }, "it is unhealthy");
  expect(sick.body).toMatchObject({
    status: "unhealthy",
    database: expect.stringMatching(/^unhealthy: /),
    redis: "healthy",
  });
  expect((await fetch(`${url}/live`)).status).toBe(200);
  expect((await fetch(`${url}/ready`)).status).toBe(503);
  await reopen();
  await until(async () => (await fetch(`${url}/health`)).status === 200, "it is healthy again", 30_000);
});

test.skipIf(!findRedis())(
  "without Redis from the start everything is answered, and /health tells until it comes",
  async () => {
    const { port, kill } = await startRedis();
    await kill();
    const REDIS_URL = `redis://127.0.0.1:${port}`;
    const instances = await Promise.all([world.start({ REDIS_URL }), world.start({ REDIS_URL })]);
    for (const { url } of instances) {
      const { status, body } = await getJson(`${url}/health`);
      expect([status, body]).toEqual([
        503,
        { status: "unhealthy", database: "healthy", redis: "unhealthy: not connected" },
      ]);
      expect((await fetch(`${url}/ready`)).status).toBe(200);
      const page = await visit(url);
      expect((await page.ask("Hi"))?.text).toBe("You said: Hi");
    }

    const redis = await startRedis(port);
    for (const { url } of instances)
      await until(async () => (await fetch(`${url}/health`)).status === 200, "it is healthy", 30_000);
    const page = await visit(instances[0]?.url ?? "");
    expect((await page.ask("Hi again"))?.text).toBe("You said: Hi again");
    await redis.stop();
  },
);

test("what is written while the database is away is refused for now, and taken when it is sent again", async () => {
  const { url } = await world.start();
  const page = await visit(url);
  const reopen = await world.closeDatabase();
  const { id, response } = await page.write("hello");
  expect(response.status).toBe(503);
  expect(response.headers.get("retry-after")).toBeTruthy();
  await reopen();
  await until(async () => (await page.write("hello", id)).response.status === 202, "it is taken", 30_000);
  await page.reload();
  expect((await page.answerTo(id)).reply?.text).toBe("You said: hello");
  expect(world.ai.requestCount).toBe(1);
});

test("after SIGTERM it is served until a load balancer has seen that it is not ready", async () => {
  const parley = await world.start();
  const toldAtMs = performance.now();
  parley.signal("SIGTERM");
  const status = () =>
    fetch(`${parley.url}/ready`).then(
      (answer) => answer.status,
      () => "refused" as const,
    );
  await until(async () => (await status()) === 503, "it says that it is not ready", 30_000);
  await until(async () => (await status()) === "refused", "it is closed", 30_000);
  expect(performance.now() - toldAtMs).toBeGreaterThan(1_500);
  expect(await parley.exited).toBe(0);
});

test("SIGTERM ends it while the database says nothing", async () => {
  const { way, url } = await databaseProxy(world.databaseUrl);
  const parley = await world.start({ DATABASE_URL: url, DRAIN_SECONDS: "1" });
  way.hang();
  await until(
    async () => (await getJson(`${parley.url}/health`)).status === 503,
    "it sees that nothing answers",
    30_000,
  );
  expect(await parley.stop()).toBe(0);
  await way.close();
});

test("a GitHub Models token without a server says in one sentence that the service is gone", async () => {
  world.ai.models = ["openai/gpt-4o"];
  world.ai.failWhile({
    status: 410,
    body: { error: { message: "temporarily unavailable due to a scheduled brownout" } },
  });
  const parley = await world.start({
    AI_API_KEY: undefined,
    AI_PROVIDER: "github",
    GITHUB_TOKEN: "github_pat_of_the_tests",
    AI_BASE_URL: world.ai.githubBaseUrl,
    DEFAULT_MODEL: "openai/gpt-4o",
  });
  const page = await visit(parley.url);
  expect((await page.ask("hello"))?.text).toMatch(/shut down for good.*\(ref T\d+\)/);
  expect(world.ai.requestCount).toBe(1);
  expect(parley.output()).not.toContain("github_pat_of_the_tests");
});

test("metrics are closed without a token, and count with it", async () => {
  const closed = await world.start();
  expect((await fetch(`${closed.url}/metrics`)).status).toBe(404);
  const { url } = await world.start({ METRICS_TOKEN: "a-token-for-metrics" });
  expect((await fetch(`${url}/metrics`)).status).toBe(401);
  await (await visit(url)).ask("count me");
  const metrics = await (
    await fetch(`${url}/metrics`, { headers: { authorization: "Bearer a-token-for-metrics" } })
  ).text();
  expect(metrics).toMatch(/parley_messages_total\{channel="web",outcome="kept"\} 1/);
});

test("the terminal answers what is piped into it, in the language of the machine, and ends", async () => {
  const parley = spawnParley(world.settings({ LOG_LEVEL: "error", LANG: "de_DE.UTF-8" }), ["chat"]);
  parley.write("hello there\n/status\n");
  parley.endInput();
  expect(await parley.exited).toBe(0);
  expect(parley.output()).toContain("You said: hello there");
  expect(parley.output()).toContain("Nachrichten in diesem Gespräch: 2");
});
