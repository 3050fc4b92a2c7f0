/** Seven letters and digits that stand for a text: short enough for a button, and the same on every instance (FNV-1a, 32 bit). */
export function codeOf(text: string): string {
  let hash = 0x81_1c_9d_c5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01_00_01_93);
  return (hash >>> 0).toString(36).padStart(7, "0");
}
