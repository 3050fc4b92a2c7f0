import { expect, test } from "vitest";
import { startDiscordDouble } from "../doubles/discord-double.ts";
import { until } from "../until.ts";

test("two writes to a channel at once, and a call to it during its pause, are seen", async () => {
  const double = await startDiscordDouble();
  const path = `/channels/${double.dm("ada")}/messages`;
  const headers = {
    authorization: `Bot ${double.token}`,
    "user-agent": "DiscordBot (test)",
    "content-type": "application/json",
  };
  const send = async () => {
    const body = JSON.stringify({ content: "Hello", allowed_mentions: { parse: [] } });
    const { status } = await fetch(`${double.apiBase}/v10${path}`, { method: "POST", headers, body });
    return status;
  };
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
