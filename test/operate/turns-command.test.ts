import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readTurnsCommand, UsageError } from "../../src/operate/read-turns-command.ts";
import { writeTurn, writeTurns } from "../../src/operate/write-turns.ts";
import type { TurnDetails } from "../../src/conversation/ports/parked-turns.ts";
import { message } from "../messages.ts";
import { openTestStore } from "../setup/open-test-store.ts";
import { type Environment, spawnParley, startParley } from "../story/start-parley.ts";
import { visit } from "../story/visit.ts";

const run = async (environment: Environment, ...words: string[]) => {
  const parley = spawnParley(environment, ["turns", ...words]);
  return { code: await parley.exited, output: parley.output() };
};
const turn: TurnDetails = {
  id: "12",
  channel: "telegram",
  room: "1:2",
  messageId: "3",
  state: "parked",
  attempt: 4,
  error: "blocked\u001b[2J by\nthe user",
  hasReply: false,
  keptAtMs: Date.UTC(2026, 10, 23, 8, 29),
  message: message({ text: "red \u001b[31malert\u001b]0;title\u0007\nand \u202Eturned" }),
  parts: [],
  crashes: 0,
};

describe("words", () => {
  test.each([
    [[], { kind: "list", asJson: false, page: { state: "parked", countMax: 50 } }],
    [
      ["list", "--state", "waiting", "--limit", "9", "--before", "T7", "--json"],
      { kind: "list", asJson: true, page: { state: "waiting", countMax: 9, before: "7" } },
    ],
    [["show", "T12"], { kind: "show", asJson: false, turnId: "12" }],
    [["replay", "12"], { kind: "replay", asJson: false, turnId: "12", how: "keep-reply" }],
    [["replay", "12", "--again"], { kind: "replay", asJson: false, turnId: "12", how: "ask-again" }],
    [["discard", "12"], { kind: "discard", asJson: false, turnId: "12" }],
    [["--help"], { kind: "help", asJson: false }],
  ])("turns %j", (words, command) => {
    expect(readTurnsCommand(words)).toEqual(command);
  });

  test.each([
    [["show"], /needs the ID/],
    [["show", "abc"], /"abc" is no ID/],
    [["replay", "1", "2"], /One turn at a time/],
    [["list", "7"], /turns show 7/],
    [["list", "--state", "lost"], /one of parked, waiting, discarded/],
    [["list", "--limit", "0"], /from 1 to 200/],
    [["burn"], /no "turns burn"/],
    [["list", "--nonsense"], /nonsense/],
  ])("turns %j is refused with a sentence and the usage", (words, sentence) => {
    expect(() => readTurnsCommand(words)).toThrow(UsageError);
    expect(() => readTurnsCommand(words)).toThrow(sentence);
    expect(() => readTurnsCommand(words)).toThrow("npm run parley -- turns list");
  });
});

describe("what is printed", () => {
  test("a table with a line a turn", () => {
    const lines = writeTurns([turn, { ...turn, id: "7", room: "r".repeat(99) }], {
      state: "parked",
      countMax: 2,
    }).split("\n");
    expect(lines[0]).toMatch(/^ID +STATE +KEPT \(UTC\) +CHANNEL +ROOM +TRIES +REPLY +WHY$/);
    expect(lines[1]).toMatch(/^T12 +parked +2026-11-23 08:29 +telegram +1:2 +4 +none +blocked\[2J by the user$/);
    expect(lines[2]).toMatch(/ r{31}… /);
    expect(lines.at(-1)).toBe("The next page: --before 7");
    expect(writeTurns([], { state: "parked", countMax: 2 })).toBe("No parked turns.");
  });

  test("what strangers wrote does not steer the terminal", () => {
    const text = writeTurn(turn);
    for (const steering of ["\u001b", "\u0007", "\u202E"]) expect(text).not.toContain(steering);
    expect(text).toContain("  red [31malert]0;title\n  and turned");
  });
});

describe("the command", () => {
  test("on a PostgreSQL: a parked turn is listed, read, replayed, and gone from the list", async () => {
    const store = await openTestStore();
    const environment = { DATABASE_URL: store.url };
    await store.inbox.keep([{ kind: "question", message: message({ text: "hello?" }), whenFull: { turnsMax: 100 } }]);
    const [claim] = await store.inbox.claim(1, 10_000);
    const id = claim?.turn.id ?? "";
    if (claim) await store.inbox.park(claim.turn, "the room blocks the bot");

    const list = await run(environment, "list");
    expect(list).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^T\d+ +parked .* the room blocks the bot$/m),
    });
    expect(list.output).not.toContain("hello?");
    expect((await run(environment, "show", id)).output).toContain("hello?");
    expect(JSON.parse((await run(environment, "list", "--json")).output)).toMatchObject([{ id, state: "parked" }]);

    expect(await run(environment, "discard", "999")).toMatchObject({
      code: 1,
      output: expect.stringMatching(/There is no turn T999/),
    });
    expect((await run(environment, "replay", id)).output).toContain(`T${id} goes back`);
    expect((await store.inbox.claim(1, 10_000))[0]?.turn.id).toBe(id);
    expect(await run(environment, "replay", id)).toMatchObject({
      code: 1,
      output: expect.stringMatching(/is waiting/),
    });
    await store.drop();
  });

  test("on the database of a Parley that runs in the same folder, and of one that does not", async () => {
    const home = await mkdtemp(join(tmpdir(), "parley-turns-"));
    expect(await run({ DATA_DIR: home }, "list")).toMatchObject({
      code: 1,
      output: expect.stringMatching(/no embedded database in/),
    });

    const parley = await startParley({ DATA_DIR: home });
    await (await visit(parley.url)).ask("Are you there?");
    expect((await run({ DATA_DIR: home }, "show", "1")).output).toContain("Are you there?");
    expect((await run({ DATA_DIR: home }, "list")).output).toBe("No parked turns.\n");
    expect((await fetch(`${parley.url}/health`)).status).toBe(200);

    await parley.kill(); // the server is left behind, and a guest leaves it so
    expect((await run({ DATA_DIR: home }, "show", "1")).output).toContain("Are you there?");
    const again = await startParley({ DATA_DIR: home });
    expect(await again.stop()).toBe(0);
    expect((await run({ DATA_DIR: home }, "show", "1")).output).toContain("Are you there?");
    await rm(home, { recursive: true, force: true });
  });

  test("mistakes are told in sentences, with an exit code of their own", async () => {
    const wrong = await run({}, "burn");
    expect(wrong).toMatchObject({ code: 2, output: expect.stringMatching(/There is no "turns burn"/) });
    const away = await run({ DATABASE_URL: "postgres://parley:hunter2hunter2@127.0.0.1:9/parley" }, "list");
    expect(away).toMatchObject({ code: 1, output: expect.stringMatching(/ECONNREFUSED/) });
    expect(await run({}, "--help")).toMatchObject({
      code: 0,
      output: expect.stringMatching(/turns replay ID --again/),
    });
    for (const { output } of [wrong, away]) expect(output).not.toMatch(/\n\s+at |hunter2/);
  });
});
