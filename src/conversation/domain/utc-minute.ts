/** A moment as people read it, such as "2026-11-26 17:30"; in UTC, which the sentence around it says. */
export function utcMinute(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 16).replace("T", " ");
}
