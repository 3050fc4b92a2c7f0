/** How many documents a test makes up: `usual`, or as many as PARLEY_DOCUMENTS says, for a long run. */
export function documents(usual: number): number {
  return Number(process.env["PARLEY_DOCUMENTS"] ?? usual);
}

/** Some minutes; on a busy machine ten thousand documents take hours. */
export const documentsWithinMs = process.env["PARLEY_DOCUMENTS"] ? 6 * 60 * 60_000 : 10 * 60_000;
