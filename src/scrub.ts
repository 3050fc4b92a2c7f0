const blot = "[secret]";
const secretCharsMin = 6;

/** What looks like a secret whoever's it is: credentials in URLs, Telegram tokens (they stand in paths), bearer tokens, API keys. */
const patterns: readonly [RegExp, string][] = [
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@"]*):[^\s@"/]+@/gi, `$1:${blot}@`],
  [/\b(bot)?\d{6,}:[\w-]{30,}/g, `$1${blot}`],
  [/\b(Bearer|Bot) [\w.~+/=-]{8,}/g, `$1 ${blot}`],
  [/\bsk-[\w-]{8,}/g, blot],
];

/** Blots `secrets`, and what looks like one, out of a text. */
export function scrub(secrets: readonly string[]): (text: string) => string {
  const values = secrets
    .filter(({ length }) => length >= secretCharsMin)
    .flatMap((value) => [value, encodeURIComponent(value)]);
  return (text) => {
    let clean = text;
    for (const value of values) clean = clean.replaceAll(value, blot);
    for (const [pattern, replacement] of patterns) clean = clean.replace(pattern, replacement);
    return clean;
  };
}
