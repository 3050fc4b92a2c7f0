import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { LaunchError } from "./launch-error.mjs";
import { withLock } from "./with-lock.mjs";

const saidMax = 1500;

/** Makes node_modules what package-lock.json says. Never where NODE_ENV is production or PARLEY_SKIP_INSTALL is set. */
export async function installPackages(root) {
  if (process.env.NODE_ENV === "production" || process.env.PARLEY_SKIP_INSTALL || isInstalled(root)) return;
  await withLock(path.join(root, "dist", ".installing"), "the packages are being installed", async () => {
    if (!isInstalled(root)) await install(root);
  });
}

async function install(root) {
  const startedAt = Date.now();
  console.log("Installing the packages with npm. This takes about a minute, once …");
  rmSync(stampFile(root), { force: true });
  // No install scripts: newer npms refuse them, so that we need none.
  const words = ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--include=dev", "--include=optional"];
  const said = await npm(root, [...words, "--loglevel=error"]);
  if (said !== undefined) throw new LaunchError(`${explain(said)}\n\nnpm ci said:\n${said}`);
  writeFileSync(stampFile(root), stamp(root));
  console.log(`Installed in ${Math.round((Date.now() - startedAt) / 1000)} s.`);
}

/** What it said, if it failed: the beginning, for npm ends with a page on its own usage. */
function npm(root, words) {
  // npm tells its scripts where it is; without, it is on the PATH.
  const told = process.env.npm_execpath;
  const itself = told && path.basename(told) === "npm-cli.js" && existsSync(told);
  const onWindows = process.platform === "win32";
  const child = itself
    ? spawn(process.execPath, [told, ...words], { cwd: root, stdio: ["ignore", "pipe", "pipe"] })
    : spawn("npm", words, { cwd: root, stdio: ["ignore", "pipe", "pipe"], shell: onWindows });
  return new Promise((resolve) => {
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (bytes) => (said = (said + bytes).slice(0, saidMax)));
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code) => resolve(code === 0 ? undefined : said.trim() || `it ended with ${code}`));
  });
}

function explain(said) {
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|network/i.test(said))
    return "npm cannot reach its registry. Connect to the network, or tell npm about the proxy or mirror you use (npm config set proxy …, registry …), and start again.";
  if (/EACCES|EPERM|EROFS/.test(said))
    return "npm may not write here. Run it as the owner of this folder, or give the folder to yourself (chown -R).";
  if (/ENOSPC/.test(said)) return "The disk is full. Parley's packages need about 700 MB.";
  if (/ENOENT.*npm|npm.*ENOENT/.test(said)) return "npm was not found. Install Node with npm, version 8 or newer.";
  return "The packages could not be installed. Correct what npm says, and start again.";
}

/** By us, or by someone's own npm: npm keeps a copy of the lock file of what it has installed. */
function isInstalled(root) {
  const folder = path.join(root, "node_modules");
  if (read(stampFile(root)) === stamp(root)) return true;
  const asked = packages(path.join(root, "package-lock.json"));
  const found = packages(path.join(folder, ".package-lock.json"));
  return Object.entries(asked).every(
    ([place, entry]) =>
      place === "" || found[place]?.version === entry.version || (!found[place] && isForOthers(entry)),
  );
}

/** npm leaves out what is made for other platforms, and what only that needs. */
function isForOthers({ optional, os, cpu, libc }) {
  return optional && (libc || !os?.includes(process.platform) || !cpu?.includes(process.arch));
}

/** Another platform's packages do not do, as in a folder shared with a virtual machine. */
function stamp(root) {
  const lock = readFileSync(path.join(root, "package-lock.json"));
  return `${createHash("sha256").update(lock).digest("hex")} ${process.platform}-${process.arch}`;
}

function stampFile(root) {
  return path.join(root, "node_modules", ".parley-installed");
}

function packages(file) {
  const text = read(file);
  return text ? (JSON.parse(text).packages ?? {}) : {};
}

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
