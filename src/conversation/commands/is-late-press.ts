import type { Turn } from "../domain/turn.ts";
import type { Gateway } from "../ports/gateway.ts";

/**
 * Whether it is the press of a button under what is not the room's newest answer any more: a second tap, or one that something else
 * overtook. It needs no words: what stands in the room shows what has become of it.
 */
export async function isLatePress(turn: Turn, { revisions }: Pick<Gateway, "revisions">): Promise<boolean> {
  const { about } = turn.message;
  if (about?.kind !== "pressed") return false;
  const newest = await revisions.newestAnswer(turn);
  return newest !== undefined && newest.turnId !== about.turnId;
}
