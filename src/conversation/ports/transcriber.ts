/** Puts speech into words: any server with OpenAI's `/audio/transcriptions`. */
export interface Transcriber {
  /**
   * What is said in it, as text; empty when nothing is.
   *
   * @throws AiError
   */
  transcribe(sound: Sound, signal: AbortSignal): Promise<string>;
}

export type Sound = {
  /** A file's name, perhaps without an extension. */
  readonly name: string;
  readonly mimeType?: string;
  readonly bytes: Uint8Array;
};
