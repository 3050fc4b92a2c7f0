import { rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { findChromium } from "./find-chromium.ts";

/** A Chromium that runs here: the system's, else the one inside an npm package. As root it needs `--no-sandbox`. */
export async function chromiumPath(): Promise<string> {
  return findChromium() ?? (await oneAtATime(unpackChromium));
}

async function unpackChromium(): Promise<string> {
  const { default: chromium, inflate, setupLambdaEnvironment } = await import("@sparticuz/chromium");
  const entry = fileURLToPath(import.meta.resolve("@sparticuz/chromium"));
  // The package was made for bare machines: it brings the libraries (nss, expat) that a bare Debian lacks.
  await inflate(join(dirname(entry), "..", "bin", "al2023.tar.br"));
  setupLambdaEnvironment(join(tmpdir(), "al2023", "lib"));
  return chromium.executablePath();
}

/** The package takes what another process is still unpacking for whole. */
async function oneAtATime<T>(unpack: () => Promise<T>): Promise<T> {
  const lock = join(tmpdir(), "parley-chromium.lock");
  while (!(await isTaken(lock))) await pause(100);
  try {
    return await unpack();
  } finally {
    await rm(lock, { force: true });
  }
}

async function isTaken(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, "", { flag: "wx" });
    return true;
  } catch {
    const madeAtMs = await stat(lock)
      .then(({ mtimeMs }) => mtimeMs)
      .catch(() => Infinity);
    if (Date.now() - madeAtMs > killedAfterMs) await rm(lock, { force: true }); // whoever made it was killed
    return false;
  }
}

/** A busy machine unpacks for half a minute. */
const killedAfterMs = 50_000;
