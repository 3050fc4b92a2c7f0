import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { failpoints } from "../../src/conversation/domain/failpoint.ts";
import { readSources } from "../architecture/read-sources.ts";
import { type Way, ways } from "./crash-rooms.ts";
import { channelWays, rowsOf } from "./crash-rows.ts";
import { type Outcomes, runCrashes } from "./crash-run.ts";
import { spawnParley } from "./start-parley.ts";

const runMs = 240_000;
const runs = new Map<Way, Outcomes>();

/** All at once, each in a world of its own; the tests wait for their rows. */
beforeAll(() => {
  for (const way of ways) runs.set(way, runCrashes(way));
});

describe.each(ways)(
  "%s: nothing is lost and nothing said twice when the process is killed",
  { timeout: runMs },
  (way) => {
    test.for(rowsOf(way).map((row) => ({ row, point: describePoint(row), story: row.story.name })))(
      "at $point of $story",
      async ({ row }) => expect(await runs.get(way)?.of(row)).toEqual([]),
    );

    test("and nobody was asked what they do not know", () => runs.get(way)?.ended);
  },
);

test("each failpoint of the list stands somewhere in the program, and is died at on each channel", () => {
  const sources = readSources(join(import.meta.dirname, "../.."));
  const calls = [...sources].flatMap(([path, source]) =>
    path.startsWith("src/") ? (source.match(/failpoint\([^;]*;/g) ?? []) : [],
  );
  expect(failpoints.filter((name) => !calls.some((call) => call.includes(`"${name}"`)))).toEqual([]);
  for (const { ways, never } of channelWays) {
    const played = new Set(ways.flatMap((way) => rowsOf(way).map(({ name }) => name)));
    expect(failpoints.filter((name) => !played.has(name))).toEqual(never);
  }
});

test("nobody kills a process by accident", async () => {
  for (const environment of [{ PARLEY_FAILPOINT: "keep" }, { PARLEY_FAILPOINT: "kept", NODE_ENV: "production" }]) {
    const parley = spawnParley(environment);
    expect(await parley.exited).toBe(1);
    expect(parley.output()).toMatch(/^\nPARLEY_FAILPOINT/);
  }
});

function describePoint({
  name,
  times,
}: {
  readonly name: (typeof failpoints)[number];
  readonly times: number;
}): string {
  const number = `${failpoints.indexOf(name) + 1} ${name}`;
  return times === 1 ? number : `${number}, the ${times}. time`;
}
