import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findChromium } from "./find-chromium.ts";

/** A Chromium that runs here: the system's, else the one inside an npm package. As root it needs `--no-sandbox`. */
export async function chromiumPath(): Promise<string> {
  const installed = findChromium();
  if (installed) return installed;

  const { default: chromium, inflate, setupLambdaEnvironment } = await import("@sparticuz/chromium");
  const entry = fileURLToPath(import.meta.resolve("@sparticuz/chromium"));
  // The package was made for bare machines: it brings the libraries (nss, expat) that a bare Debian lacks.
  await inflate(join(dirname(entry), "..", "bin", "al2023.tar.br"));
  setupLambdaEnvironment(join(tmpdir(), "al2023", "lib"));
  return chromium.executablePath();
}
