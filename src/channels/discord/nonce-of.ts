import { createHash } from "node:crypto";
import type { Turn } from "../../conversation/domain/turn.ts";

/**
 * Discord answers a second create with the same nonce with the message that exists, for some minutes. The same for every
 * attempt at the part; another one for a part that replaces one that was deleted.
 */
export function nonceOf(turn: Turn, index: number, replaces: string | undefined): string {
  return createHash("sha256")
    .update(`${turn.id}/${index}/${replaces ?? ""}`)
    .digest("base64url")
    .slice(0, 24);
}
