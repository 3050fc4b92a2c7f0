import type { DocumentContent, DocumentReader } from "../conversation/ports/document-reader.ts";
import { decodeText } from "./decode-text.ts";

/** The most that UTF-8 and UTF-16 take for one of JavaScript's characters, with room for the mark at the beginning. */
const bytesPerChar = 3;
const markBytes = 4;

/** Reads PDFs and whatever is text, by what is in the file and not by what it is called. */
export function documentReader(): DocumentReader {
  return {
    async read({ bytes }, charsMax, signal) {
      signal.throwIfAborted();
      return readText(bytes, charsMax);
    },
  };
}

function readText(bytes: Uint8Array, charsMax: number): DocumentContent {
  const text = decodeText(bytes.subarray(0, charsMax * bytesPerChar + markBytes));
  if (text === undefined) return { kind: "unread", because: "format" };
  if (text.trim() === "") return { kind: "unread", because: "wordless" };
  const isCut = text.length > charsMax || bytes.length > charsMax * bytesPerChar + markBytes;
  return { kind: "text", text: text.slice(0, charsMax).toWellFormed(), isCut };
}
