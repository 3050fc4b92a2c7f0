import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { LaunchError } from "./launch-error.mjs";

/** A Node that runs TypeScript: this one, else the one that npm installed. */
export function findNode(root) {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 24 || (major === 24 && minor >= 11)) return process.execPath;

  const os = process.platform === "win32" ? "win" : process.platform;
  // The package for this one platform bears another name.
  const name = `${os === "darwin" && process.arch === "arm64" ? "node-bin" : "node"}-${os}-${process.arch}`;
  const node = path.join(root, "node_modules", name, "bin", os === "win" ? "node.exe" : "node");
  const why = !existsSync(node) ? `${name} is not installed` : runs(node) ? undefined : `${name} does not run here`;
  if (why)
    throw new LaunchError(
      `Parley needs Node 24.11 or newer. This is ${process.version}, and npm's ${why}. Install a newer Node (https://nodejs.org), or the packages again: npm ci`,
    );
  return node;
}

/** On Alpine it does not: it is built for glibc. */
function runs(node) {
  return spawnSync(node, ["--version"]).status === 0;
}
