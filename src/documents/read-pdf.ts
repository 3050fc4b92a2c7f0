import { Worker } from "node:worker_threads";
import type { DocumentContent } from "../conversation/ports/document-reader.ts";
import type { PdfTask } from "./pdf-worker.ts";

/** What a stranger's file may cost. */
export const pdfLimits = {
  pagesMax: 200,
  timeMs: 10_000,
  /** JavaScript's heap of the thread. */
  heapMegabytesMax: 192,
  /** What it holds beside the heap: a few kilobytes can unpack to gigabytes. */
  unpackedBytesMax: 128_000_000,
  /** How often that is looked at. */
  lookMs: 50,
};

export type PdfLimits = Readonly<typeof pdfLimits>;

/**
 * The beginning of a PDF's text. The file is read in a thread of its own, with an empty environment, which ends with the reading,
 * or when it takes more time or memory than the limits allow.
 *
 * @throws the signal's reason
 */
export async function readPdf(
  bytes: Uint8Array,
  charsMax: number,
  limits: PdfLimits,
  signal: AbortSignal,
): Promise<DocumentContent> {
  signal.throwIfAborted();
  const { timeMs, pagesMax, heapMegabytesMax } = limits;
  const worker = new Worker(new URL("./pdf-worker.ts", import.meta.url), {
    workerData: { bytes, charsMax, pagesMax } satisfies PdfTask,
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: heapMegabytesMax },
  });
  const over = new AbortController();
  try {
    return await new Promise((resolve) => {
      const giveUp = () => resolve({ kind: "unread", because: "broken" });
      worker.once("message", resolve);
      worker.once("error", giveUp);
      worker.once("exit", giveUp);
      AbortSignal.any([signal, AbortSignal.timeout(timeMs)]).addEventListener("abort", giveUp, { once: true });
      void watchMemory(worker, limits, over.signal).then(giveUp);
    });
  } finally {
    over.abort();
    await worker.terminate();
    signal.throwIfAborted();
  }
}

/** Resolves when the thread holds too much, or is over. */
async function watchMemory(worker: Worker, { unpackedBytesMax, lookMs }: PdfLimits, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    await new Promise((resolve) => setTimeout(resolve, lookMs));
    const statistics = await worker.getHeapStatistics().catch(() => undefined); // not begun yet, or ended
    if (statistics && statistics.external_memory > unpackedBytesMax) return;
  }
}
