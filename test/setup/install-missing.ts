import { spawnSync } from "node:child_process";
import { findChromium } from "./find-chromium.ts";
import { findProgram } from "./find-program.ts";
import { findRedis } from "./find-redis.ts";

const aptWithinMs = 300_000;

/**
 * Installs what the tests need and npm does not have, where this script may: as root, by apt-get. Elsewhere, and when
 * that fails, things stay as they are, and the tests say what they miss.
 */
export function installMissing(): void {
  const missing: string[] = [];
  // redis-tools holds the server's program, but no service: nothing starts by itself.
  if (!process.env["REDIS_URL"] && !findRedis()) missing.push("redis-tools");
  // npm has a Chromium for this one processor only.
  if (process.arch !== "x64" && !findChromium()) missing.push("chromium");
  if (missing.length === 0 || process.getuid?.() !== 0 || !findProgram("apt-get")) return;

  console.log(`Installing Debian's ${missing.join(" and ")} for the tests …`);
  const install = ["install", "--yes", "--no-install-recommends", ...missing];
  // A fresh machine has no package lists, or old ones.
  const failure = aptGet(install) && (aptGet(["update"]) || aptGet(install));
  if (failure) console.warn(`That failed:\n${failure}`);
}

/** What it said, if it failed. */
function aptGet(words: readonly string[]): string | undefined {
  const { status, error, stderr } = spawnSync("apt-get", ["--quiet", ...words], {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
    timeout: aptWithinMs,
  });
  if (status === 0) return undefined;
  return error?.message ?? (stderr.trim() || `apt-get ended with ${status}`);
}
