import { Refused } from "./telegram-methods.ts";

/** What people send, as a bot may fetch it. */
export class TelegramFiles {
  readonly #files = new Map<string, { readonly bytes: Uint8Array; readonly size: number }>();

  /**
   * A file that lies at Telegram.
   *
   * @param size what Telegram says it has, if that is something else
   * @returns its file_id
   */
  add(bytes: Uint8Array, size = bytes.length): string {
    const fileId = `file-${this.#files.size + 1}`;
    this.#files.set(fileId, { bytes, size });
    return fileId;
  }

  describe(fileId: string) {
    const file = this.#files.get(fileId);
    if (!file) throw new Refused(400, "Bad Request: wrong file_id or the file is temporarily unavailable");
    if (file.size > fileBytesMax) throw new Refused(400, "Bad Request: file is too big");
    return { file_id: fileId, file_unique_id: `u${fileId}`, file_size: file.size, file_path: `documents/${fileId}` };
  }

  /** @param path as `describe` gave it */
  read(path: string): Uint8Array | undefined {
    return this.#files.get(path.replace(/^documents\//, ""))?.bytes;
  }
}

const fileBytesMax = 20_000_000;
