/** Finds the text in files. Files are written by strangers: whatever one holds, reading it takes bounded time and memory. */
export interface DocumentReader {
  /**
   * The beginning of the file's text, at most `charsMax` UTF-16 units of it.
   *
   * @throws the signal's reason, and nothing else
   */
  read(file: DocumentFile, charsMax: number, signal: AbortSignal): Promise<DocumentContent>;
}

export type DocumentFile = { readonly name: string; readonly bytes: Uint8Array };

export type DocumentContent =
  | { readonly kind: "text"; readonly text: string; readonly isCut: boolean }
  | { readonly kind: "unread"; readonly because: UnreadDocument };

export type UnreadDocument =
  /** Neither text nor a format that is known. */
  | "format"
  /** A scan, or empty. */
  | "wordless"
  /** It wants a password. */
  | "locked"
  /** Not what it says it is, or more than the bounds allow. */
  | "broken";
