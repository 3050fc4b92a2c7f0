import { expect, test } from "vitest";
import { openRoom } from "./open-room.ts";

test("what waits for its neighbours is answered when its time is over, whenever the next sweep is", async () => {
  const room = await openRoom({ limits: { sweepMs: 24 * 60 * 60_000 } });
  await room.ask({ id: "before" });
  expect(await room.ask({ id: "piece", joins: { key: "paste:ada", windowMs: 200 } })).toBe("I see.");
  await room.close();
});
