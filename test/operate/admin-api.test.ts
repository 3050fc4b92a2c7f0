import { afterEach, beforeEach, expect, test } from "vitest";
import pg from "pg";
import { openWorld, type World } from "../story/open-world.ts";
import { visit } from "../story/visit.ts";
import { until } from "../until.ts";

const token = "a-token-for-operators";
let world: World;
let database: pg.Client;

beforeEach(async () => {
  world = await openWorld();
  database = new pg.Client(world.databaseUrl);
  await database.connect();
});
afterEach(async () => {
  await database.end();
  await world.close();
});

const openApi =
  (url: string) =>
  async (path: string, given: { method?: string; token?: string } = {}) => {
    const response = await fetch(`${url}/api/admin/turns${path}`, {
      method: given.method ?? "GET",
      headers: { authorization: `Bearer ${given.token ?? token}` },
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
/** As if its room had blocked the bot. */
const parkAll = () => database.query("update turns set state = 'parked', error = 'blocked', ended_at = now()");
const isDelivered = () => until(() => world.count("turns where state = 'delivered'"), "it is delivered");

test("operators list, read, replay and discard parked turns over HTTP, and a running Parley takes them up", async () => {
  const { url } = await world.start({ ADMIN_TOKEN: token });
  const page = await visit(url);
  await page.ask("my secret question");
  const api = openApi(url);
  await isDelivered();
  expect((await api("")).body).toEqual({ turns: [] });

  await parkAll();
  const { body } = await api("?limit=10");
  expect(body).toMatchObject({ turns: [{ state: "parked", channel: "web", error: "blocked", hasReply: true }] });
  expect(JSON.stringify(body)).not.toContain("my secret question");
  const [{ id }] = body["turns"] as [{ id: string }];
  expect((await api(`/${id}`)).body).toMatchObject({
    id,
    message: { text: "my secret question" },
    reply: { text: "You said: my secret question", end: "complete" },
  });

  expect(await api(`/${id}/replay`, { method: "POST" })).toEqual({ status: 200, body: { id, done: "replay" } });
  await isDelivered();
  expect(world.ai.requestCount).toBe(1);

  await parkAll();
  expect((await api(`/${id}/replay?again=true`, { method: "POST" })).status).toBe(200);
  await isDelivered();
  expect(world.ai.requestCount).toBe(2);
  expect(await api(`/${id}/replay`, { method: "POST" })).toMatchObject({ status: 409, body: { error: "not_parked" } });

  await parkAll();
  expect(await api(`/${id}/discard`, { method: "POST" })).toEqual({ status: 200, body: { id, done: "discard" } });
  expect((await api("")).body).toEqual({ turns: [] });
  expect((await api("?state=discarded")).body).toMatchObject({ turns: [{ id, state: "discarded" }] });
});

test("what is brought back a day later is waited for again while the AI is away, and not given up at once", async () => {
  const { url } = await world.start({ ADMIN_TOKEN: token });
  const page = await visit(url);
  await page.ask("my question");
  await isDelivered();
  await parkAll();
  await database.query("update turns set kept_at = kept_at - interval '30 hours'");
  const isBack = world.ai.failWhile({ status: 503, body: { error: { message: "overloaded" } } });
  const { rows } = await database.query<{ id: string }>("select id from turns");
  await openApi(url)(`/${rows[0]?.id}/replay?again=true`, { method: "POST" });
  await until(() => world.count("turns where state = 'waiting' and error like '%503%'"), "it is put back", 30_000);
  isBack();
  await until(() => world.count("turns where state = 'delivered'"), "it is answered", 30_000);
  expect(await world.count("turns where reply->>'text' = 'You said: my question'")).toBe(1);
});

test("it is closed without a token of its own, refuses wrong ones and nonsense, and stands in the docs", async () => {
  const closed = await world.start();
  expect((await openApi(closed.url)("")).status).toBe(404);

  const { url, output } = await world.start({ ADMIN_TOKEN: token });
  const api = openApi(url);
  expect((await fetch(`${url}/api/admin/turns`)).status).toBe(401);
  for (const wrong of ["", "x", `${token}x`, "a-token-for-operatorz"])
    expect(await api("", { token: wrong })).toMatchObject({ status: 401, body: { error: "unauthorized" } });
  expect((await api("/1/replay", { token: "wrong", method: "POST" })).status).toBe(401);

  expect((await api("/999")).status).toBe(404);
  expect((await api("/999/discard", { method: "POST" })).status).toBe(404);
  for (const wrong of ["/abc", "?state=lost", "?limit=0", "?limit=9999", "?before=x", "/99999999999999999999"])
    expect((await api(wrong)).status).toBe(400);
  const docs = (await (await fetch(`${url}/docs/json`)).json()) as { paths: Record<string, unknown> };
  expect(Object.keys(docs.paths)).toContain("/api/admin/turns/{id}/replay");
  expect(output()).not.toContain(token);
});

test("how many wait for an operator is a metric, and no other figure waits for it when the database is away", async () => {
  const { url } = await world.start({ METRICS_TOKEN: token });
  const read = async () =>
    await (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } })).text();
  await (await visit(url)).ask("hello");
  await isDelivered();
  expect(await read()).toContain("\nparley_turns_parked 0\n");
  await parkAll();
  expect(await read()).toContain("\nparley_turns_parked 1\n");
  await database.query("begin");
  await database.query("lock table turns");
  expect(await read()).toMatch(/parley_turns_parked nan/i);
  await database.query("commit");
});

test("guessing tokens comes to an end", async () => {
  const { url } = await world.start({ ADMIN_TOKEN: token });
  const api = openApi(url);
  const statuses = new Set<number>();
  for (let guess = 0; guess < 70; guess++) statuses.add((await api("", { token: `guess-${guess}` })).status);
  expect([...statuses]).toEqual([401, 429]);
});
