import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { LaunchError } from "./launch-error.mjs";

const waitMs = 600_000;
const pollMs = 200;

/** Does the work while no other process does it. A lock whose owner has died counts for nothing. */
export async function withLock(file, what, work) {
  const endsAt = Date.now() + waitMs;
  let told = false;
  while (!take(file)) {
    if (!told) console.log(`Waiting: ${what} by another process …`);
    told = true;
    if (Date.now() > endsAt)
      throw new LaunchError(`${what} by another process for more than 10 minutes. If that is not so, remove ${file}.`);
    await pause(pollMs);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file) {
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST")
      throw new LaunchError(`${file} cannot be written (${error.code}). Start as the owner of this folder.`);
  }
  const pid = owner(file);
  if (pid && !isAlive(pid)) rmSync(file, { force: true });
  return false;
}

function owner(file) {
  try {
    return Number(readFileSync(file, "utf8"));
  } catch {
    return 0;
  }
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}
