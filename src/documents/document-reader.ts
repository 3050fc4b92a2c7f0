import type { DocumentContent, DocumentReader } from "../conversation/ports/document-reader.ts";
import { decodeText } from "./decode-text.ts";
import { pdfLimits, type PdfLimits, readPdf } from "./read-pdf.ts";

/** The most that UTF-8 and UTF-16 take for one of JavaScript's characters, with room for the mark at the beginning. */
const bytesPerChar = 3;
const markBytes = 4;

/** Reads PDFs and whatever is text, by what is in the file and not by what it is called. PDFs one at a time, for they cost most. */
export function documentReader(limits: PdfLimits = pdfLimits): DocumentReader {
  let lastPdf: Promise<unknown> = Promise.resolve();
  return {
    async read({ bytes }, charsMax, signal) {
      signal.throwIfAborted();
      if (!isPdf(bytes)) return readText(bytes, charsMax);
      const read = lastPdf.then(() => readPdf(bytes, charsMax, limits, signal));
      lastPdf = read.catch(() => {});
      return await unlessAborted(read, signal);
    },
  };
}

/** Its mark may come after some rubbish. */
function isPdf(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 1_024)).includes("%PDF-");
}

/** @throws the signal's reason, at once, also while others are read first */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function readText(bytes: Uint8Array, charsMax: number): DocumentContent {
  const text = decodeText(bytes.subarray(0, charsMax * bytesPerChar + markBytes));
  if (text === undefined) return { kind: "unread", because: "format" };
  if (text.trim() === "") return { kind: "unread", because: "wordless" };
  const isCut = text.length > charsMax || bytes.length > charsMax * bytesPerChar + markBytes;
  return { kind: "text", text: text.slice(0, charsMax).toWellFormed(), isCut };
}
