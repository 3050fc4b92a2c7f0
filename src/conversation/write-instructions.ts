import type { Session } from "./domain/session.ts";
import type { House } from "./ports/gateway.ts";

/** What the model is told before the conversation, pure: who it is here, and what the person asked of it besides. */
export function writeInstructions(
  { persona, instructions }: Pick<Session, "persona" | "instructions">,
  house: Pick<House, "instructions" | "personas">,
): string {
  const chosen = house.personas.find(({ name }) => name === persona);
  return [chosen?.instructions ?? house.instructions, instructions].filter(Boolean).join("\n\n");
}
