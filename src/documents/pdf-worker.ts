import { parentPort, workerData } from "node:worker_threads";
import { getDocumentProxy } from "unpdf";
import type { DocumentContent } from "../conversation/ports/document-reader.ts";

// Runs in a thread of its own, which `readPdf` ends when it takes too long or too much. It tells one thing: what it found.

const { bytes, charsMax, pagesMax } = workerData as PdfTask;
parentPort?.postMessage(await readPages(), []); // nothing is handed over but copied

/** What the thread is to do. */
export type PdfTask = { readonly bytes: Uint8Array; readonly charsMax: number; readonly pagesMax: number };

async function readPages(): Promise<DocumentContent> {
  try {
    const pdf = await getDocumentProxy(bytes, { verbosity: 0 });
    const pageCount = Math.min(pdf.numPages, pagesMax);
    let text = "";
    for (let number = 1; number <= pageCount && text.length <= charsMax; number += 1) {
      const page = await pdf.getPage(number);
      const { items } = await page.getTextContent();
      const written = items.map((item) => ("str" in item ? item.str + (item.hasEOL ? "\n" : "") : "")).join("");
      if (written.trim()) text += `${text && "\n\n"}${written.trim()}`;
      page.cleanup();
    }
    if (!text) return { kind: "unread", because: "wordless" };
    const isCut = text.length > charsMax || pdf.numPages > pageCount;
    return { kind: "text", text: text.slice(0, charsMax).toWellFormed(), isCut };
  } catch (error) {
    const isLocked = error instanceof Error && error.name === "PasswordException";
    return { kind: "unread", because: isLocked ? "locked" : "broken" };
  }
}
