import { join } from "node:path";
import { until } from "../until.ts";
import { auditRoom, type Progress, readProgress } from "./crash-audit.ts";
import type { Room, Way } from "./crash-rooms.ts";
import { type Row, rowsOf } from "./crash-rows.ts";
import type { Crash } from "./crash-script.ts";
import { openStage, type Stage } from "./crash-stage.ts";
import type { Parley } from "./start-parley.ts";

/** What is wrong in each row's room after the process died there and another went on; empty: nothing. */
export type Outcomes = {
  of(row: Row): Promise<readonly string[]>;
  /** Rejects when the platform or the AI was asked what it does not know, or the platform at the wrong time. */
  readonly ended: Promise<void>;
};

/**
 * Lets the process die in each row of the table that this way has, one after the other: a new room each, and the process that is started
 * to go on with one is the one that dies in the next.
 */
export function runCrashes(way: Way): Outcomes {
  const verdicts = new Map(rowsOf(way).map((row) => [row, Promise.withResolvers<readonly string[]>()]));
  const decide: Decide = (row, complaints) => verdicts.get(row)?.resolve(complaints);
  const ended = playAll(way, [...verdicts.keys()], decide);
  ended.catch((error: unknown) => {
    for (const row of verdicts.keys()) decide(row, [String(error)]);
  });
  return { of: async (row) => (await verdicts.get(row)?.promise) ?? ["it was not played"], ended };
}

type Decide = (row: Row, complaints: readonly string[]) => void;

async function playAll(way: Way, rows: readonly Row[], decide: Decide): Promise<void> {
  const stage = await openStage(way);
  try {
    await play(stage, rows, decide);
    const complaints = stage.side.complaints();
    if (complaints.length > 0) throw new Error(`${way} was asked for what it must not be: ${complaints.join("; ")}`);
  } finally {
    await stage.close();
  }
}

type Death = { readonly crash: Crash; readonly progress: Progress };

async function play(stage: Stage, rows: readonly Row[], decide: Decide): Promise<void> {
  const rooms = await openRooms(stage, rows.length);
  let death: Death | undefined;
  for (const [index, row] of rows.entries()) {
    const room = rooms[index];
    if (!room) throw new Error("each row has a room");
    const parley = await start(stage, { PARLEY_FAILPOINT: `${row.name}@${room.key}:${row.times}` });
    if (death) decide(death.crash.row, await goOn(death, stage));
    const crash: Crash = { row, room, name: `R${index}`, writing: [] };
    death = await die(crash, parley, stage).catch((error: unknown) => {
      decide(row, [String(error)]);
      return undefined;
    });
  }
  const parley = await start(stage, {});
  if (death) decide(death.crash.row, await goOn(death, stage));
  await parley.stop();
}

/** Also fills the cache of compiled sources, which saves a third of each start that follows. */
async function openRooms(stage: Stage, count: number): Promise<readonly Room[]> {
  const parley = await start(stage, {});
  const rooms = await Promise.all(Array.from({ length: count }, (_, index) => stage.side.openRoom(index)));
  await parley.stop();
  return rooms;
}

async function start({ world, side }: Stage, more: { readonly PARLEY_FAILPOINT?: string }): Promise<Parley> {
  const parley = await world.start({ ...side.settings, ...more, LOG_LEVEL: "warn", NODE_COMPILE_CACHE: compileCache });
  await side.connected();
  return parley;
}

const compileCache = join(import.meta.dirname, "../../node_modules/.cache/parley-tests");

async function die(crash: Crash, parley: Parley, stage: Stage): Promise<Death> {
  const { script } = stage;
  let hasDied = false;
  void parley.exited.then(() => (hasDied = true));
  try {
    await script.play(crash, () => hasDied);
    await until(() => hasDied, "its death", 30_000);
  } catch (error) {
    throw new Error(`${String(error)}\n${parley.output()}`, { cause: error });
  } finally {
    await parley.kill();
    script.end();
  }
  if (!parley.output().includes(": killed\n")) throw new Error(`it ended by itself:\n${parley.output()}`);
  return { crash, progress: await readProgress(crash, stage) };
}

/** Lets the other process that runs now go on with the room. */
async function goOn({ crash, progress }: Death, stage: Stage): Promise<readonly string[]> {
  try {
    return await auditRoom(crash, progress, stage);
  } catch (error) {
    return [String(error)];
  }
}
