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

/** What this process knows of the turns that it shows. What is forgotten is in doubt again at the turn's next attempt. */
export type SendDoubts = {
  /** The parts that stand in the room: those that are noted, or more, where our last attempt could not have them noted any more. */
  shown(turn: Turn): readonly string[];
  noteShown(turn: Turn, shown: readonly string[]): void;
  /** To be asked whenever a turn is shown: a turn that we did not hold all along is in doubt. */
  of(turn: Turn): Doubt | undefined;
  raise(turn: Turn, ids: Pick<Doubt, "afterId" | "nearId">): void;
  end(turn: Turn): void;
};

export function sendDoubts(): SendDoubts {
  const known = new LRUCache<string, Known>({ max: 5_000 });
  /** Of this attempt or the one before it: between those nobody else had the turn. */
  const lastOf = ({ id, attempt }: Turn) => {
    const last = known.get(id);
    return last && last.attempt >= attempt - 1 ? last : undefined;
  };
  const set = (turn: Turn, doubt: Doubt | undefined, shown = lastOf(turn)?.shown ?? []) =>
    void known.set(turn.id, { attempt: turn.attempt, doubt, shown });
  const of = (turn: Turn) => {
    const last = lastOf(turn);
    const doubt = last || turn.attempt === 1 ? last?.doubt : doubtOf(turn);
    set(turn, doubt);
    return doubt;
  };

  return {
    shown(turn) {
      const last = known.get(turn.id);
      const ours = last?.attempt === turn.attempt - 1 ? last.shown : [];
      const isMore = ours.length > turn.shown.length && turn.shown.every((id, index) => id === ours[index]);
      return isMore ? ours : turn.shown;
    },
    noteShown: (turn, shown) => set(turn, of(turn), shown),
    of,
    raise: (turn, ids) => set(turn, { ...ids, atMs: performance.now() }),
    end: (turn) => set(turn, undefined),
  };
}

type Known = { readonly attempt: number; readonly doubt: Doubt | undefined; readonly shown: readonly string[] };

/** What another holder may have sent, perhaps just now: a draft's part at any time, the saved reply's soon after it was saved. */
function doubtOf({ savedAfter = "0" }: Turn): Doubt {
  return { afterId: Number(savedAfter), nearId: Number(savedAfter), atMs: performance.now() };
}
