/** How many documents a test makes up: `usual`, or as many as PARLEY_DOCUMENTS says, for a long run. */
export function documents(usual: number): number {
  return Number(process.env["PARLEY_DOCUMENTS"] ?? usual);
}
