import { LRUCache } from "lru-cache";
import type { Turn } from "../../conversation/domain/turn.ts";

/** A part may have been sent without our knowing its id. There is at most one, as each is noted before the next. */
export type Doubt = {
  /** The newest id that was known before it was sent: if it arrived, its own is newer. 0 when nothing is known of that. */
  readonly afterId: number;
  /** The newest id that was known when we learnt that nobody would answer: its own is near. */
  readonly nearId: number;
  readonly atMs: number;
};

/** Which turns are in doubt. What is forgotten is in doubt again at the turn's next attempt. */
export type SendDoubts = {
  /** To be asked whenever a turn is shown: a turn that we did not hold all along is in doubt. */
  of(turn: Turn): Doubt | undefined;
  raise(turn: Turn, ids: Pick<Doubt, "afterId" | "nearId">): void;
  end(turn: Turn): void;
};

export function sendDoubts(): SendDoubts {
  const known = new LRUCache<string, { readonly attempt: number; readonly doubt: Doubt | undefined }>({ max: 5_000 });
  const set = ({ id, attempt }: Turn, doubt: Doubt | undefined) => void known.set(id, { attempt, doubt });
  const of = (turn: Turn) => {
    const last = known.get(turn.id);
    const isOurs = turn.attempt === 1 || (last !== undefined && last.attempt >= turn.attempt - 1);
    const doubt = isOurs ? last?.doubt : doubtOf(turn);
    set(turn, doubt);
    return doubt;
  };

  return {
    of,
    raise: (turn, ids) => set(turn, { ...ids, atMs: performance.now() }),
    end: (turn) => set(turn, undefined),
  };
}

/** What another holder may have sent: a draft's part at any time, the saved reply's soon after it was saved. */
function doubtOf({ savedAfter = "0" }: Turn): Doubt {
  return { afterId: Number(savedAfter), nearId: Number(savedAfter), atMs: 0 };
}
