import { existsSync } from "node:fs";
import { findProgram } from "./find-program.ts";

const onMac = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

/** The system's Chromium, as a full path. */
export function findChromium(): string | undefined {
  if (existsSync(onMac)) return onMac;
  return findProgram("chromium", "chromium-browser", "google-chrome", "google-chrome-stable");
}
