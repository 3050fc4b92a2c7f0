const perMessage = 4;

/**
 * Estimates the tokens of a text by its scripts. Four characters a token, the usual rule, is far off for Chinese,
 * Japanese or emoji; full tokenizers cost 70–160 MB and differ by model anyway.
 */
export function countTokens(text: string): number {
  let tokens = perMessage;
  for (const character of text) tokens += tokensOf(character.codePointAt(0) ?? 0);
  return Math.ceil(tokens);
}

function tokensOf(codePoint: number): number {
  if (codePoint < 0x80) return 0.27; // ASCII
  if (codePoint < 0x2_00) return 0.5; // accented Latin
  if (codePoint < 0x11_00) return 0.45; // Greek, Cyrillic, Hebrew, Arabic, Indic
  if (codePoint < 0x1_00_00) return 1; // Chinese, Japanese, Korean
  return 2; // emoji and rare scripts
}
