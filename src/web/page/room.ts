import { computed, signal, type ReadonlySignal } from "@preact/signals";
import {
  chatLimits,
  type ChatDraft,
  type ChatStatus,
  type ChatTurn,
  type HistoryAnswer,
} from "../../channels/web-chat/api.ts";
import type { Outbox } from "./outbox.ts";
import type { ChatEvent } from "./server/follow-events.ts";
import { exchanges, grown, runningExchange, withEarlier, withTurn, type Draft, type Exchange } from "./transcript.ts";

/** What was said, as far as this page knows. */
export type Room = {
  readonly exchanges: ReadonlySignal<readonly Exchange[]>;
  /** Growing replies by turn id. */
  readonly drafts: ReadonlySignal<ReadonlyMap<string, Draft>>;
  /** What is being answered now. */
  readonly running: ReadonlySignal<Exchange | undefined>;
  /** A /stop is on its way. */
  readonly stopping: ReadonlySignal<boolean>;
  /** The newest turns have been told. */
  readonly loaded: ReadonlySignal<boolean>;
  readonly earlierExist: ReadonlySignal<boolean>;
  /** The turn that ended last while the page was open, for whoever listens instead of looking. */
  readonly lastAnswered: ReadonlySignal<ChatTurn | undefined>;
  /** Where `earlier` turns end. */
  oldestTurnId(): string | undefined;

  heard(event: ChatEvent): void;
  addEarlier(earlier: HistoryAnswer): void;
  forget(): void;
};

export function createRoom(outbox: Outbox): Room {
  const turns = signal<readonly ChatTurn[]>([]);
  const drafts = signal<ReadonlyMap<string, Draft>>(new Map());
  const loaded = signal(false);
  const earlierExist = signal(false);
  const lastAnswered = signal<ChatTurn | undefined>(undefined);
  const all = computed(() => exchanges(turns.value, outbox.items.value));

  function heardTurn(turn: ChatTurn): void {
    const before = turns.value.find(({ turnId }) => turnId === turn.turnId);
    turns.value = withTurn(turns.value, turn);
    outbox.remove(turn.messageId);
    if (turn.state === "waiting") return;
    drafts.value = new Map([...drafts.value].filter(([turnId]) => turnId !== turn.turnId));
    if (before?.state === "waiting" || (loaded.value && !before)) lastAnswered.value = turn;
  }

  function heardDraft(draft: ChatDraft): void {
    const isWaiting = turns.value.some(({ turnId, state }) => turnId === draft.turnId && state === "waiting");
    if (isWaiting) drafts.value = new Map(drafts.value).set(draft.turnId, grown(drafts.value.get(draft.turnId), draft));
  }

  function heardStatus({ state }: ChatStatus): void {
    if (state !== "live" || loaded.value) return;
    earlierExist.value = turns.value.length >= chatLimits.turnsRecent;
    loaded.value = true;
  }

  return {
    exchanges: all,
    drafts,
    running: computed(() => runningExchange(all.value)),
    stopping: computed(() => all.value.some(isStopping)),
    loaded,
    earlierExist,
    lastAnswered,
    oldestTurnId: () => turns.value[0]?.turnId,
    heard({ name, value }) {
      if (name === "turn") heardTurn(value);
      else if (name === "draft") heardDraft(value);
      else heardStatus(value);
    },
    addEarlier(earlier) {
      turns.value = withEarlier(turns.value, earlier.turns);
      earlierExist.value = earlier.more && turns.value.length < chatLimits.turnsMax;
    },
    forget() {
      turns.value = [];
      drafts.value = new Map();
      loaded.value = false;
      earlierExist.value = false;
      lastAnswered.value = undefined;
    },
  };
}

function isStopping({ kind, turn, outgoing }: Exchange): boolean {
  if (kind !== "stop") return false;
  return outgoing ? outgoing.state.kind !== "refused" : turn?.state === "waiting";
}
