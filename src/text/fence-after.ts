/** An open code block: what opened it, and what precedes its lines inside of lists and quotes. */
export type Fence = { readonly marker: string; readonly info: string; readonly prefix: string };

/** The fence that is open after `line`. */
export function fenceAfter(line: string, open: Fence | undefined): Fence | undefined {
  const match = fenceLine.exec(line);
  if (!match) return open;
  const [, prefix = "", marker = "", rest = ""] = match;
  if (open) return marker.startsWith(open.marker) && rest.trim() === "" && !/[^\s>]/.test(prefix) ? undefined : open;
  if (marker.startsWith("`") && rest.includes("`")) return undefined;
  const info = rest.trim();
  return { marker, info: info.length > infoCharsMax ? "" : info, prefix: prefix.replaceAll(/[^\s>]/g, " ") };
}

/** Up to 32 marks: a longer row is no fence to us, so that reopening never costs more than a message holds. */
const fenceLine = /^((?:[ \t]*>)*[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*)(`{3,32}(?!`)|~{3,32}(?!~))([^\n]*)\n?$/;
const infoCharsMax = 40;
