import { expect, test } from "vitest";
import { type DiscordDouble, startDiscordDouble } from "../doubles/discord-double.ts";
import { until } from "../until.ts";

const hello = { content: "Hello", allowed_mentions: { parse: [] } };

/** As a bot does. */
async function post({ apiBase, token }: DiscordDouble, path: string, body?: object): Promise<Response> {
  const headers = {
    authorization: `Bot ${token}`,
    "user-agent": "DiscordBot (test)",
    "content-type": "application/json",
  };
  return await fetch(`${apiBase}/v10${path}`, { method: "POST", headers, body: body ? JSON.stringify(body) : null });
}

test("two writes to a channel at once, and a call to it during its pause, are seen", async () => {
  const double = await startDiscordDouble();
  const path = `/channels/${double.dm("ada")}/messages`;
  const send = async () => (await post(double, path, hello)).status;
  double.failNext({ method: "POST", path: /messages$/ }, "hang");
  const hanging = send().catch(() => "cut off");
  await until(() => double.calls.length === 1, "the first is under way");
  expect(await send()).toBe(200);
  await until(() => double.violations.length > 0, "the second is seen");
  expect(await send()).toBe(200);
  expect(double.violations).toEqual([`POST to ${path.replace("/messages", "")} while POST is under way`]);

  double.failNext({ method: "POST", path: /messages$/ }, { status: 429, headers: { "retry-after": "5" } });
  expect(await send()).toBe(429);
  await until(async () => (await send()) && double.violations.length > 1, "the call during the pause is seen");
  expect(double.violations[1]).toMatch(/too early$/);
  await double.close();
  expect(await hanging).toBe("cut off");
});

test("of a storm of 429s, what comes too early is seen, at its own place only", async () => {
  const double = await startDiscordDouble({ rateLimit: undefined });
  const [first, second] = [double.dm("ada"), double.dm("bob")];
  double.chaos({ status429: 1, slowDownMs: 60_000 });
  const refused = await post(double, `/channels/${first}/messages`, hello);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "60"]);
  expect(await refused.json()).toMatchObject({ global: false });
  double.chaos({});
  expect((await post(double, `/channels/${second}/messages`, hello)).status).toBe(200);
  expect((await post(double, `/channels/${first}/typing`)).status).toBe(204);
  expect(double.violations).toEqual([]);
  await until(
    async () => (await post(double, `/channels/${first}/messages`, hello)) && double.violations.length > 0,
    "the call during the pause is seen",
  );
  expect(double.violations[0]).toMatch(/^POST \/channels\/\d+\/messages, \d+ ms too early$/);
  await double.close();
});

test("each kind of request has a limit of its own, under a name of its own", async () => {
  const double = await startDiscordDouble({ rateLimit: { limit: 5, windowMs: 60_000 } });
  const channel = `/channels/${double.dm("ada")}`;
  const limitOf = async (path: string, body?: object) => {
    const { headers } = await post(double, channel + path, body);
    return { name: headers.get("x-ratelimit-bucket"), left: headers.get("x-ratelimit-remaining") };
  };
  const [first, second, typing] = [
    await limitOf("/messages", hello),
    await limitOf("/messages", hello),
    await limitOf("/typing"),
  ];
  expect([first.left, second.left, typing.left]).toEqual(["4", "3", "4"]);
  expect(second.name).toBe(first.name);
  expect(typing.name).not.toBe(first.name);
  await double.close();
});

test("what nobody answers in time is seen, whoever was connected", async () => {
  const double = await startDiscordDouble({ interactionDeadlineMs: 1_000 });
  const use = { channel: double.dm("ada"), author: "ada", command: "help" };
  double.interact(use);
  const socket = new WebSocket(`${double.apiBase.replace(/^http/, "ws").replace(/api$/, "")}?v=10&encoding=json`);
  const identify = { token: double.token, intents: 1, properties: { os: "a", browser: "b", device: "c" } };
  socket.addEventListener("open", () => socket.send(JSON.stringify({ op: 2, d: identify })));
  await until(() => double.connected() === 1, "somebody is connected");
  const answered = double.interact(use);
  await post(double, `/interactions/${answered}/nothing-that-it-knows/callback`, { type: 5 });
  double.interact({ ...use, command: "status" });
  await until(() => double.unanswered.length > 0, "the one without an answer");
  expect(double.unanswered).toEqual([expect.stringMatching(/^ada: .*"status"/)]);
  socket.close();
  await double.close();
});
