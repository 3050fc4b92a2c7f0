/** What a button of ours stands for. It travels with the button, so that any instance can read it, also after a restart. */
export type Press = {
  /** The turn whose answer the button is under. */
  readonly turnId: string;
  /** Who asked, by Telegram's user id. Absent when the one who asked hid behind a group or channel. */
  readonly askerId?: string;
  /** At most 40 bytes. */
  readonly command: string;
};

/** At most 64 bytes, as Telegram demands: ids have at most 11 digits in base 36, if they are below 10^17. */
export function writePress({ turnId, askerId, command }: Press): string {
  return [shortened(turnId), askerId === undefined ? "" : shortened(askerId), command].join(":");
}

/** Undefined for what is not a button of ours. */
export function readPress(data: string): Press | undefined {
  const [, turn, asker, command] = /^([0-9a-z]{1,11}):([0-9a-z]{0,11}):(.+)$/s.exec(data) ?? [];
  if (turn === undefined || command === undefined) return undefined;
  return { turnId: lengthened(turn), ...(asker && { askerId: lengthened(asker) }), command };
}

function shortened(id: string): string {
  return Number(id).toString(36);
}

function lengthened(id: string): string {
  return String(Number.parseInt(id, 36));
}
