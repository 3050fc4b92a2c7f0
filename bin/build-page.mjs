import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { LaunchError } from "./launch-error.mjs";
import { withLock } from "./with-lock.mjs";

/** Builds the page with Vite when it is older than its source. Without a source there is nothing to do. */
export async function buildPage(root, node) {
  if (isFresh(root)) return;
  await withLock(path.join(root, "dist", ".building"), "the page is being built", () => {
    if (!isFresh(root)) build(root, node);
  });
}

function build(root, node) {
  const startedAt = Date.now();
  const vite = path.join(root, "node_modules", "vite", "bin", "vite.js");
  if (!existsSync(vite))
    throw new LaunchError("The page is not built, and what builds it is not installed. Run: npm ci && npm run build");
  const { status, stdout, stderr } = spawnSync(node, [vite, "build", "--logLevel", "warn"], {
    cwd: root,
    encoding: "utf8",
  });
  if (status !== 0) throw new LaunchError(`The page could not be built:\n${stdout}${stderr}`);
  console.log(`Built the page in ${((Date.now() - startedAt) / 1000).toFixed(1)} s.`);
}

function isFresh(root) {
  const source = path.join(root, "src", "web", "page");
  if (!existsSync(path.join(source, "index.html"))) return true;
  const built = path.join(root, "dist", "page", "index.html");
  return (
    existsSync(built) && statSync(built).mtimeMs >= Math.max(newest(source), newest(path.join(root, "vite.config.ts")))
  );
}

function newest(place) {
  const { mtimeMs } = statSync(place);
  if (!statSync(place).isDirectory()) return mtimeMs;
  return Math.max(mtimeMs, ...readdirSync(place).map((name) => newest(path.join(place, name))));
}
