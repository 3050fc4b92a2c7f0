import { randomUUID } from "node:crypto";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import type { ChatError, HistoryAnswer } from "../../src/channels/web-chat/api.ts";
import { roomPace } from "../../src/channels/web-chat/follow-room.ts";
import { Secret } from "../../src/secret.ts";
import { until } from "../until.ts";
import { serveChat } from "./serve-chat.ts";
import { visitChat } from "./visit-chat.ts";

const accessToken = new Secret("correct horse battery");

test("a visitor writes, sees the answer grow, and sees it whole", async () => {
  await using chat = await serveChat();
  const visit = await visitChat(chat.url);
  const stream = await visit.stream();
  await stream.untilLive();
  const { id, response } = await visit.write("Hello");
  expect(response.status).toBe(202);
  expect(await response.json()).toEqual({ id, status: "kept" });
  await until(() => stream.turns().length === 1, "the turn comes by the stream");
  expect(stream.turns()[0]).toMatchObject({ turnId: "t1", messageId: id, text: "Hello", state: "waiting" });

  for (const text of ["", "Hi", "Hi, how", "Hi, how are you?"]) await chat.show(id, text);
  await until(() => stream.shownDraft("t1") === "Hi, how are you?", "the reply has grown");
  expect(await chat.show(id, "Hi, how are you today?", { end: "complete" })).toEqual(["t1"]);
  const last = await until(() => stream.turns()[1], "the final turn");
  expect(last).toMatchObject({ state: "answered", reply: { text: "Hi, how are you today?", end: "complete" } });
});

test("an answer that is empty in the end, as to a deleted question, leaves no part", async () => {
  await using chat = await serveChat();
  const visit = await visitChat(chat.url);
  const id = crypto.randomUUID();
  await visit.write("Hello", id);
  expect(await chat.show(id, "Hi", { end: "complete" })).toEqual(["t1"]);
  expect(await chat.show(id, "", { end: "complete" })).toEqual([]);
});

test("drafts carry only what is new, and a draft that starts anew replaces the old one", async () => {
  await using chat = await serveChat();
  const visit = await visitChat(chat.url);
  const stream = await visit.stream();
  const { id } = await visit.write("Hello");
  await until(() => stream.turns().length === 1, "the turn");
  const show = async (text: string) => {
    await chat.show(id, text);
    await until(() => stream.shownDraft("t1") === text, text);
  };
  await show("One");
  await show("One two");
  expect(stream.drafts().at(-1)).toMatchObject({ at: 3, text: " two" });
  await show("Sorry");
  expect(stream.drafts().at(-1)).toMatchObject({ at: 0, text: "Sorry" });
});

test("a worker that lost the turn cannot overwrite what its successor writes", async () => {
  await using chat = await serveChat();
  const visit = await visitChat(chat.url);
  const stream = await visit.stream();
  const { id } = await visit.write("Hello");
  await until(() => stream.turns().length === 1, "the turn");
  await chat.show(id, "new", { attempt: 2 });
  await until(() => stream.shownDraft("t1") === "new", "the successor's draft");
  await chat.show(id, "old", { attempt: 1 });
  await chat.show(id, "newer", { attempt: 2 });
  await until(() => stream.shownDraft("t1") === "newer", "the successor's next draft");
  expect(stream.drafts().map(({ text }) => text)).not.toContain("old");
});

test("repeating a message is safe", async () => {
  await using chat = await serveChat();
  const visit = await visitChat(chat.url);
  const { id } = await visit.write("Hello");
  const { response } = await visit.write("Hello", id);
  expect(response.status).toBe(202);
  expect(await response.json()).toEqual({ id, status: "known" });
  expect(chat.rooms.entries).toHaveLength(1);
});

test("the session tells what the page needs", async () => {
  await using chat = await serveChat();
  const { session } = await visitChat(chat.url);
  expect(session).toEqual({
    login: "open",
    channel: "web",
    program: { name: "Parley", version: "1.2.3" },
    limits: { messageCharsMax: 32_000, nameCharsMax: 80 },
    commands: [{ name: "model", summary: "Choose who answers", argument: "NAME" }],
  });
});

test("visitors cannot see one another", async () => {
  await using chat = await serveChat();
  const [alice, bob] = [await visitChat(chat.url), await visitChat(chat.url)];
  const stream = await bob.stream();
  const { id } = await alice.write("a secret");
  await chat.show(id, "a secret draft");
  await chat.show(id, "a secret answer", { end: "complete" });
  const own = await bob.write("mine", id);
  expect(own.response.status).toBe(202);
  await until(() => stream.turns().length === 1, "Bob's own turn");
  const history = (await (await bob.request("/api/chat/messages")).json()) as HistoryAnswer;
  expect(JSON.stringify([history, stream.events])).not.toContain("secret");
  expect(history.turns.map(({ text }) => text)).toEqual(["mine"]);
});

test("what is stored does not open a visitor's room", async () => {
  await using chat = await serveChat();
  const visit = await visitChat(chat.url);
  await visit.write("Hello");
  const [entry] = chat.rooms.entries;
  const cookie = visit.cookies.get("parley_visitor") ?? "";
  expect(cookie).toMatch(/^[\w-]{22}$/);
  expect(entry?.message.room).toMatch(/^[0-9a-f]{64}$/);
  expect(JSON.stringify(entry)).not.toContain(cookie);
  const thief = { cookie: `parley_visitor=${entry?.message.room}` };
  expect((await fetch(`${chat.url}/api/chat/messages`, { headers: thief })).status).toBe(401);
});

test("the visitor's cookie is kept from scripts and other sites, and from plain http behind https", async () => {
  await using chat = await serveChat({}, { trustProxy: "127.0.0.1" });
  const plain = await fetch(`${chat.url}/api/chat/session`);
  expect(plain.headers.getSetCookie()[0]).toMatch(/^parley_visitor=[\w-]{22};.*Path=\/; HttpOnly; SameSite=Lax$/);
  const secure = await fetch(`${chat.url}/api/chat/session`, { headers: { "x-forwarded-proto": "https" } });
  expect(secure.headers.getSetCookie()[0]).toMatch(
    /^__Host-parley_visitor=[\w-]{22};.*Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  );
});

test("a stranger must open the page first", async () => {
  await using chat = await serveChat();
  for (const path of ["/api/chat/messages", "/api/chat/events"]) {
    const response = await fetch(chat.url + path);
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: "no_visitor" });
  }
});

test("with an access token nobody writes or reads before they have entered it", async () => {
  await using chat = await serveChat({ accessToken });
  const visit = await visitChat(chat.url);
  expect(visit.session.login).toBe("needed");
  expect((await visit.write("Hello")).response.status).toBe(401);
  expect((await visit.request("/api/chat/messages")).status).toBe(401);
  expect((await visit.stream()).response.status).toBe(401);
  expect((await visit.post("/api/chat/login", { token: "correct horse batterx" })).status).toBe(401);

  expect((await visit.post("/api/chat/login", { token: "correct horse battery" })).status).toBe(204);
  expect(await (await visit.request("/api/chat/session")).json()).toMatchObject({ login: "done" });
  expect((await visit.write("Hello")).response.status).toBe(202);
});

test("a login is good on every instance, for this visitor only, until the token changes", async () => {
  await using one = await serveChat({ accessToken });
  await using two = await serveChat({ accessToken });
  await using changed = await serveChat({ accessToken: new Secret("another token") });
  const visit = await visitChat(one.url);
  await visit.post("/api/chat/login", { token: "correct horse battery" });
  const cookie = [...visit.cookies].map((pair) => pair.join("=")).join("; ");
  const read = async (url: string, cookies: string) =>
    (await fetch(`${url}/api/chat/messages`, { headers: { cookie: cookies } })).status;
  expect(await read(two.url, cookie)).toBe(200);
  expect(await read(changed.url, cookie)).toBe(401);
  const other = await visitChat(one.url);
  const borrowed = `parley_visitor=${other.cookies.get("parley_visitor")}; parley_pass=${visit.cookies.get("parley_pass")}`;
  expect(await read(one.url, borrowed)).toBe(401);
  const pass = visit.cookies.get("parley_pass") ?? "";
  const prolonged = cookie.replace(pass, pass.replace(/^\d+/, "9999999999"));
  expect(await read(one.url, prolonged)).toBe(401);
});

test("who guesses tokens is stopped after a few", async () => {
  await using chat = await serveChat({ accessToken });
  const visit = await visitChat(chat.url);
  for (let i = 0; i < 10; i++) expect((await visit.post("/api/chat/login", { token: `guess ${i}` })).status).toBe(401);
  const refused = await visit.post("/api/chat/login", { token: "correct horse battery" });
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
});

test("after logging out the same browser is a stranger", async () => {
  await using chat = await serveChat({ accessToken });
  const visit = await visitChat(chat.url);
  await visit.post("/api/chat/login", { token: "correct horse battery" });
  expect((await visit.post("/api/chat/logout", {})).status).toBe(204);
  expect((await visit.request("/api/chat/messages")).status).toBe(401);
});

test.each<[string, Record<string, string>]>([
  ["says it comes from another site", { "sec-fetch-site": "cross-site" }],
  ["says it comes from a sister site", { "sec-fetch-site": "same-site" }],
  ["has a foreign origin", { origin: "http://evil.example" }],
  ["has the origin of a sandbox", { origin: "null" }],
])("a message that %s is refused", async (_, headers) => {
  await using chat = await serveChat();
  const visit = await visitChat(chat.url);
  const body = { id: randomUUID(), text: "Hello" };
  const response = await visit.post("/api/chat/messages", body, headers);
  expect(response.status).toBe(403);
  expect(await response.json()).toMatchObject({ error: "other_site" });
});

test("a message of the page's own origin is taken", async () => {
  await using chat = await serveChat();
  const visit = await visitChat(chat.url);
  for (const headers of [{ origin: chat.url }, { origin: "https://behind.proxy", "sec-fetch-site": "same-origin" }]) {
    const response = await visit.post("/api/chat/messages", { id: randomUUID(), text: "Hello" }, headers);
    expect(response.status).toBe(202);
  }
});

test("a form of another site cannot write", async () => {
  await using chat = await serveChat();
  const visit = await visitChat(chat.url);
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]) {
    const init = { method: "POST", headers: { "content-type": type }, body: '{"id":"x"}' };
    expect((await visit.request("/api/chat/messages", init)).status).toBe(415);
  }
});

/** fetch does not let a Host be set. */
async function statusWithHost(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(`${url}/api/chat/session`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.once("error", reject).end();
  });
}

test("without an access token a name that merely points here opens nothing", async () => {
  await using open = await serveChat();
  await using closed = await serveChat({ accessToken });
  expect(await statusWithHost(open.url, "evil.example:8000")).toBe(403);
  expect(await statusWithHost(open.url, "127.0.0.1.evil.example")).toBe(403);
  for (const host of ["localhost:8000", "127.0.0.1", "[::1]:8000"])
    expect(await statusWithHost(open.url, host)).toBe(200);
  expect(await statusWithHost(closed.url, "chat.example")).toBe(200);
});

test.each([
  ["no id", { text: "Hello" }],
  ["an id that is no UUID", { id: "1", text: "Hello" }],
  ["no text", { id: randomUUID() }],
  ["a blank text", { id: randomUUID(), text: " \n\0" }],
  ["a text above the limit", { id: randomUUID(), text: "x".repeat(32_001) }],
  ["a name above the limit", { id: randomUUID(), text: "Hello", name: "x".repeat(81) }],
  ["a text that is an object", { id: randomUUID(), text: { a: 1 } }],
])("a message with %s is refused with words", async (_, body) => {
  await using chat = await serveChat();
  const visit = await visitChat(chat.url);
  const response = await visit.post("/api/chat/messages", body);
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({ error: "bad_request", message: expect.stringMatching(/\w.*\.$/) });
  expect(chat.rooms.entries).toEqual([]);
});

test("a message above 1 MiB is a 413, one of 32,000 characters is taken", async () => {
  await using chat = await serveChat();
  const visit = await visitChat(chat.url);
  expect((await visit.write("x".repeat(1024 * 1024))).response.status).toBe(413);
  expect((await visit.write("漢".repeat(32_000))).response.status).toBe(202);
});

test("text and name are kept as they can be stored and read", async () => {
  await using chat = await serveChat();
  const visit = await visitChat(chat.url);
  const body = { id: randomUUID(), text: "a\0b\ud800", name: " Ann\u202e\n\u0007 Lee " };
  expect((await visit.post("/api/chat/messages", body)).status).toBe(202);
  const [entry] = chat.rooms.entries;
  expect(entry?.message).toMatchObject({
    channel: "web",
    text: "ab\ufffd",
    author: { name: "Ann Lee" },
    audience: "direct",
  });
});

test("who writes too fast is told so, and how long to wait", async () => {
  await using chat = await serveChat();
  const visit = await visitChat(chat.url);
  chat.rooms.refuseWith({ kind: "refused", sentence: "Slow down, please.", retryAfterMs: 4_200 });
  const { response } = await visit.write("Hello");
  expect(response.status).toBe(429);
  expect(response.headers.get("retry-after")).toBe("5");
  expect(await response.json()).toEqual({ error: "rate_limited", message: "Slow down, please.", retryAfterMs: 4_200 });
});

test("while the database is away a message is refused, and taken when it comes again", async () => {
  await using chat = await serveChat();
  const visit = await visitChat(chat.url);
  chat.rooms.setAway(true);
  const { id, response } = await visit.write("Hello");
  expect(response.status).toBe(503);
  expect(response.headers.get("retry-after")).toBe("1");
  expect(((await response.json()) as ChatError).message).toMatch(/again/);
  chat.rooms.setAway(false);
  expect((await visit.write("Hello", id)).response.status).toBe(202);
});

test("during the drain messages are taken for another instance, and replies are still shown", async () => {
  await using chat = await serveChat();
  const visit = await visitChat(chat.url);
  const stream = await visit.stream();
  const { id } = await visit.write("Hello");
  chat.stopListening();
  expect((await visit.write("Not too late")).response.status).toBe(202);
  await chat.show(id, "Done", { end: "complete" });
  await until(() => stream.turns().findLast((turn) => turn.messageId === id)?.state === "answered", "the answer comes");
});

test("a stream survives the database going away", async () => {
  await using chat = await serveChat();
  const visit = await visitChat(chat.url);
  const { id } = await visit.write("Hello");
  const stream = await visit.stream();
  await stream.untilLive();
  chat.rooms.setAway(true);
  await chat.show(id, "Hi", { end: "complete" });
  await until(() => stream.statuses().at(-1) === "waiting", "the page is told");
  chat.rooms.setAway(false);
  await until(() => stream.turns().at(-1)?.state === "answered", "the answer comes");
  await until(() => stream.statuses().at(-1) === "live", "the page is told that all is well");
  expect(stream.statuses()).toEqual(["live", "waiting", "live"]);
  expect(stream.isOpen()).toBe(true);
});

test("a lost hint costs time only", async () => {
  await using chat = await serveChat({ pace: { ...roomPace, sweepMs: 30 } });
  const visit = await visitChat(chat.url);
  const { id } = await visit.write("Hello");
  const stream = await visit.stream();
  await stream.untilLive();
  chat.rooms.answer(id, { text: "Hi", end: "complete" });
  await until(() => stream.turns().at(-1)?.state === "answered", "the sweep finds it");
});

test("a reload shows the newest 50 turns, and older ones page by page", async () => {
  await using chat = await serveChat();
  const visit = await visitChat(chat.url);
  for (let n = 1; n <= 60; n++) {
    const { id } = await visit.write(`message ${n}`);
    chat.rooms.answer(id, { text: `answer ${n}`, end: "complete" });
  }
  const stream = await visit.stream();
  await stream.untilLive();
  expect(stream.turns()).toHaveLength(50);
  expect(stream.turns()[0]).toMatchObject({ text: "message 11", reply: { text: "answer 11" } });

  const page = async (query: string) =>
    (await (await visit.request(`/api/chat/messages${query}`)).json()) as HistoryAnswer;
  const newest = await page("?limit=25");
  expect([newest.turns.length, newest.turns[0]?.text, newest.more]).toEqual([25, "message 36", true]);
  const older = await page(`?limit=25&before=${newest.turns[0]?.turnId}`);
  expect([older.turns.length, older.turns[0]?.text, older.more]).toEqual([25, "message 11", true]);
  const oldest = await page(`?limit=25&before=${older.turns[0]?.turnId}`);
  expect([oldest.turns.length, oldest.turns[0]?.text, oldest.more]).toEqual([10, "message 1", false]);
  expect(await page("?before=unknown")).toEqual({ turns: [], more: false });
  expect((await visit.request("/api/chat/messages?limit=501")).status).toBe(400);
});

test("a reconnect repeats what was unfinished and nothing before it", async () => {
  await using chat = await serveChat();
  const visit = await visitChat(chat.url);
  const ids: string[] = [];
  for (const text of ["one", "two", "three"]) ids.push((await visit.write(text)).id);
  const [one = "", two = "", three = ""] = ids;
  chat.rooms.answer(one, { text: "1", end: "complete" });
  chat.rooms.answer(three, { text: "3", end: "complete" });
  const first = await visit.stream();
  await first.untilLive();
  expect(first.events.at(-1)?.id).toBe("t2");

  chat.rooms.answer(two, { text: "2", end: "complete" });
  const again = await visit.stream("t2");
  await again.untilLive();
  expect(again.turns().map(({ turnId, state }) => [turnId, state])).toEqual([
    ["t2", "answered"],
    ["t3", "answered"],
  ]);
  expect(again.events.at(-1)?.id).toBe("t3");
});

test("a stream that broke in its first lines misses nothing afterwards", async () => {
  await using chat = await serveChat();
  const visit = await visitChat(chat.url);
  for (const text of ["one", "two", "three"]) {
    const { id } = await visit.write(text);
    chat.rooms.answer(id, { text, end: "complete" });
  }
  const stream = await visit.stream();
  await stream.untilLive();
  expect(stream.events.filter(({ name }) => name === "turn").map(({ id }) => id)).toEqual(["t2", "t3", "t3"]);
});

test("an event id of nobody starts anew", async () => {
  await using chat = await serveChat();
  const visit = await visitChat(chat.url);
  await visit.write("Hello");
  const stream = await visit.stream("'; DROP TABLE turns");
  await stream.untilLive();
  expect(stream.turns()).toHaveLength(1);
});

test("a turn that was given up is told", async () => {
  await using chat = await serveChat({ pace: { ...roomPace, sweepMs: 30 } });
  const visit = await visitChat(chat.url);
  const { id } = await visit.write("Hello");
  const stream = await visit.stream();
  chat.rooms.park(id);
  await until(() => stream.turns().at(-1)?.state === "failed", "the page is told");
});

test("a silent stream shows that it lives", async () => {
  await using chat = await serveChat({ pace: { ...roomPace, beatMs: 20 } });
  const stream = await (await visitChat(chat.url)).stream();
  await until(() => stream.comments() >= 3, "beats");
});

test("a client that does not read holds nothing up, and gets the newest draft", async () => {
  await using chat = await serveChat();
  const visit = await visitChat(chat.url);
  const { id } = await visit.write("Hello");
  const cookie = [...visit.cookies].map((pair) => pair.join("=")).join("; ");
  const slow = await new Promise<IncomingMessage>((resolve, reject) => {
    httpRequest(`${chat.url}/api/chat/events`, { headers: { cookie } }, resolve).once("error", reject).end();
  });
  slow.pause();
  const quick = await visit.stream();
  await until(() => quick.turns().length === 1, "the quick one sees the turn");

  // Each draft is another text, so none can be sent as a small addition to the one before: 30 MB in all.
  for (let n = 1; n <= 100; n++) {
    await chat.show(id, `${n} ${String(n % 10).repeat(300_000)}`);
    await until(() => quick.drafts().at(-1)?.text.startsWith(`${n} `), `the quick one sees draft ${n}`, 15_000);
  }

  let bytes = 0;
  let tail = "";
  slow.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    tail = (tail + chunk.toString()).slice(-400_000);
  });
  slow.resume();
  await until(() => tail.includes(`"text":"100 `), "the slow one gets the last draft", 15_000);
  expect(bytes).toBeLessThan(15_000_000);
  slow.destroy();
});

test("a client that is gone without a word is let go", async () => {
  const lines: string[] = [];
  const note = (_fields: Readonly<Record<string, unknown>>, message: string) => void lines.push(message);
  const pace = { ...roomPace, beatMs: 20, stuckMsMax: 200 };
  await using chat = await serveChat({ pace }, { log: { info: note, warn: note, error: note } });
  const visit = await visitChat(chat.url);
  const { id } = await visit.write("Hello");
  const cookie = [...visit.cookies].map((pair) => pair.join("=")).join("; ");
  const sent = httpRequest(`${chat.url}/api/chat/events`, { headers: { cookie } }, (response) => response.pause());
  sent.once("error", () => {}).end();
  let n = 0;
  await until(
    async () => {
      await chat.show(id, `${++n} ${"x".repeat(1_000_000)}`);
      return lines.includes("GET /api/chat/events 200");
    },
    "the stream is closed",
    15_000,
  );
  sent.destroy();
});

test("a client that leaves is no error", async () => {
  const lines: string[] = [];
  const note = (_fields: Readonly<Record<string, unknown>>, message: string) => void lines.push(message);
  await using chat = await serveChat({}, { log: { info: note, warn: note, error: note } });
  const visit = await visitChat(chat.url);
  const leave = new AbortController();
  const cookie = [...visit.cookies].map((pair) => pair.join("=")).join("; ");
  const response = await fetch(`${chat.url}/api/chat/events`, { headers: { cookie }, signal: leave.signal });
  expect(response.status).toBe(200);
  leave.abort();
  await until(() => lines.length >= 2, "the request is over");
  expect(lines).toEqual(["GET /api/chat/session 200", "GET /api/chat/events 200"]);
});

test("one visitor opens ten streams, not eleven, and a closed one makes room", async () => {
  await using chat = await serveChat();
  const visit = await visitChat(chat.url);
  const leave = new AbortController();
  const cookie = [...visit.cookies].map((pair) => pair.join("=")).join("; ");
  await fetch(`${chat.url}/api/chat/events`, { headers: { cookie }, signal: leave.signal });
  await Promise.all(Array.from({ length: 9 }, async () => visit.stream()));
  const refused = await visit.stream();
  expect(refused.response.status).toBe(429);
  expect(refused.response.headers.get("retry-after")).toBe("10");
  expect((await (await visitChat(chat.url)).stream()).response.status).toBe(200);
  leave.abort();
  await until(async () => (await visit.stream()).response.ok, "there is room again");
});

test("closing ends the streams at once", async () => {
  const chat = await serveChat();
  const visit = await visitChat(chat.url);
  const streams = await Promise.all([visit.stream(), visit.stream()]);
  await Promise.all(streams.map(async (stream) => stream.untilLive()));
  const beganAt = performance.now();
  await chat.close();
  expect(performance.now() - beganAt).toBeLessThan(4_000); // what does not end is cut off after 5 s
  await Promise.all(streams.map(async ({ reading }) => reading));
  await expect(fetch(`${chat.url}/live`)).rejects.toThrow("fetch failed");
});
