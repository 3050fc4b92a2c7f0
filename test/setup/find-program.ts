import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** The first of `names` that is on the PATH, as a full path. */
export function findProgram(...names: readonly string[]): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter(Boolean);
  for (const name of names)
    for (const folder of folders)
      try {
        accessSync(join(folder, name), constants.X_OK);
        return join(folder, name);
      } catch {
        // Not here.
      }
  return undefined;
}
