/**
 * The text that the bytes are, by their byte order mark, else as UTF-8, else as Windows-1252, which old spreadsheets still write.
 * Undefined for what is no text. The last character may be missing where `bytes` were cut.
 */
export function decodeText(bytes: Uint8Array): string | undefined {
  const text = decodeMarked(bytes) ?? decode(bytes, "utf-8") ?? decodeWestern(bytes);
  return text === undefined || text.includes("\0") ? undefined : text.replaceAll(/\r\n?/g, "\n");
}

function decodeMarked(bytes: Uint8Array): string | undefined {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return decode(bytes, "utf-16le");
  if (first === 0xfe && second === 0xff) return decode(bytes, "utf-16be");
  return undefined;
}

function decode(bytes: Uint8Array, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return undefined;
  }
}

/** Any byte is a character of it, so it is only believed where most bytes are ASCII. */
function decodeWestern(bytes: Uint8Array): string | undefined {
  const foreign = bytes.reduce((count, byte) => count + (byte >= 0x80 ? 1 : 0), 0);
  return foreign * 4 > bytes.length ? undefined : new TextDecoder("windows-1252").decode(bytes);
}
