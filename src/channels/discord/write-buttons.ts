import type { Reply } from "../../conversation/domain/reply.ts";
import type { Turn } from "../../conversation/domain/turn.ts";
import { writePressId } from "./press-id.ts";

/** Rows of buttons as Discord takes them: what it would refuse is left out, for the command can be written too. */
export function writeButtons({ buttons, askerId }: Reply, { id, message }: Turn): readonly ButtonRow[] {
  const seen = new Set<string>();
  const rows = (buttons ?? []).map((row) => row.flatMap(({ label, command }) => write(label.trim(), command)));
  return rows
    .filter((row) => row.length > 0)
    .slice(0, rowsMax)
    .map((row) => ({ type: actionRow, components: row.slice(0, rowLengthMax) }));

  function write(label: string, command: string): readonly Button[] {
    const pressId = writePressId({ turnId: id, askerId: askerId ?? message.author.id, command });
    if (label === "" || pressId === undefined || seen.has(pressId)) return [];
    seen.add(pressId);
    const shortened = Array.from(label).slice(0, labelCharsMax).join("");
    return [{ type: buttonType, style: greyStyle, label: shortened, custom_id: pressId }];
  }
}

export type ButtonRow = { readonly type: number; readonly components: readonly Button[] };

type Button = {
  readonly type: number;
  readonly style: number;
  readonly label: string;
  readonly custom_id: string;
};

/** https://discord.com/developers/docs/components/reference */
const actionRow = 1;
const buttonType = 2;
const greyStyle = 2;
const rowsMax = 5;
const rowLengthMax = 5;
const labelCharsMax = 80;
