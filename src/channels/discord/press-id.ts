/** What a button of ours says when it is pressed: Discord sends it back, to any instance, also after a restart. */
export type PressId = {
  /** The turn under whose answer it stands; a number as the inbox writes it, without a colon. */
  readonly turnId: string;
  /** Who asked, and may press. */
  readonly askerId: string;
  /** What it stands for, as somebody would write it: a command of ours, or a question. */
  readonly command: string;
};

/** @returns undefined when Discord would not take it */
export function writePressId({ turnId, askerId, command }: PressId): string | undefined {
  const written = [turnId, askerId, command].join(":");
  return written.length <= customIdCharsMax ? written : undefined;
}

/** @returns undefined when it is not from a button of ours */
export function readPressId(customId: string): PressId | undefined {
  const [, turnId, askerId, command] = /^([^:]+):(\d{1,20}):(\S[\s\S]*)$/.exec(customId) ?? [];
  return turnId && askerId && command ? { turnId, askerId, command } : undefined;
}

const customIdCharsMax = 100;
