import { expect, test } from "vitest";
import { until } from "../until.ts";
import { openRoom } from "./open-room.ts";

test("a turn that we lost and have claimed anew is begun when our earlier attempt has ended, and can be stopped then", async () => {
  const room = await openRoom({ limits: { leaseMs: 60_000 } }); // no renewal comes between
  const told: string[] = [];
  const released = Promise.withResolvers<void>();
  room.answer = async function* (_, signal) {
    const attempt = room.prompts.length;
    const reason = new Promise<string>((resolve) =>
      signal.addEventListener("abort", () => resolve(String(signal.reason)), { once: true }),
    );
    told.push(`attempt ${attempt} begins`);
    yield { text: `Attempt ${attempt}.` };
    told.push(`attempt ${attempt} is ${await reason}`);
    if (attempt === 1) await released.promise;
    told.push(`attempt ${attempt} ends`);
    throw signal.reason;
  };
  const answered = room.ask({ id: "q" });
  await until(() => told.includes("attempt 1 begins"), "the AI is asked");
  await room.store.passTime();
  await until(() => told.includes("attempt 1 is lost"), "it is claimed anew");
  await room.ask({ id: "other", room: "other", text: "/help" }); // begun later, and done: so the second attempt does wait
  released.resolve();
  await until(() => told.includes("attempt 2 begins"), "the second attempt begins");
  await room.write({ id: "stop", text: "/stop" });
  expect(await answered).toMatch(/^Attempt 2\./);
  expect(told).toEqual([
    "attempt 1 begins",
    "attempt 1 is lost",
    "attempt 1 ends",
    "attempt 2 begins",
    "attempt 2 is stopped",
    "attempt 2 ends",
  ]);
  await room.close();
});
