import { pause } from "../../conversation/domain/pause.ts";

/** Waits until a connection has ended, but not for long: a database that says nothing finds out by itself. */
export async function sayGoodbye(ending: Promise<unknown>): Promise<void> {
  const ended = new AbortController();
  await Promise.race([ending, pause(patienceMs, ended.signal)]);
  ended.abort();
}

const patienceMs = 2_000;
