import type { Arrival, Kept } from "../../src/conversation/ports/inbox.ts";
import type { FinalReply } from "../../src/conversation/domain/reply.ts";

// What the inbox is to be, as simply as it can be said: for each room a list of turns, and when it may be claimed.

export type ModelTurn = {
  readonly key: string;
  readonly room: ModelRoom;
  state: "waiting" | "answered" | "delivered" | "parked" | "refused";
  attempt: number;
  crashes: number;
  parts: readonly string[];
  reply?: FinalReply | undefined;
  stopRequested: boolean;
  readonly stoppedTurn: boolean;
  readonly wasQueued: boolean;
  /** Claimed, since it was kept or replayed. */
  begun: boolean;
  discarded: boolean;
  /** Why it was parked. */
  error?: string;
  /** Its room was found shut since it was kept. */
  isShut: boolean;
};

export type ModelRoom = {
  readonly name: string;
  /** In the order in which they are to be answered. */
  turns: ModelTurn[];
  /** "later": put back. "never" and "now" are one where nothing is unfinished: whoever claims there finds nothing. */
  due: "never" | "now" | "leased" | "later";
  holder?: number | undefined;
  /** Why it was found shut last. */
  shutReason?: string;
};

/** A turn as a worker took it: good for as long as nobody else has. */
export type Hand = { readonly turn: ModelTurn; readonly attempt: number; readonly holder: number };

export type Model = {
  readonly rooms: Map<string, ModelRoom>;
  readonly hands: Hand[];
  /** The instances that live, by their places. */
  readonly living: number[];
  instances: number;
};

export function newModel(instances: number): Model {
  return {
    rooms: new Map(),
    hands: [],
    living: Array.from({ length: instances }, (_, index) => index),
    instances,
  };
}

export function isUnfinished({ state }: ModelTurn): boolean {
  return state === "waiting" || state === "answered";
}

/** The turn that is to be answered next, or is being answered. */
export function headOf({ turns }: ModelRoom): ModelTurn | undefined {
  return turns.find(isUnfinished);
}

export function isCurrent({ turn, attempt }: Hand): boolean {
  return turn.attempt === attempt && isUnfinished(turn);
}

export function makeDue(room: ModelRoom): void {
  Object.assign(room, { due: "now", holder: undefined });
}

/** After its turn has ended the room is due if there is more. */
export function freeRoom(room: ModelRoom): void {
  if (headOf(room)) makeDue(room);
  else Object.assign(room, { due: "never", holder: undefined });
}

export function keepInModel(model: Model, arrival: Arrival): Kept {
  const { room: name, id: key } = arrival.message;
  const room: ModelRoom = model.rooms.get(name) ?? { name, turns: [], due: "never" };
  if (room.turns.some((turn) => turn.key === key)) return "known";
  model.rooms.set(name, room);
  const unfinished = room.turns.filter(isUnfinished).length;
  if (room.due === "never") makeDue(room);

  const add = (state: ModelTurn["state"], more: Partial<ModelTurn> = {}) =>
    room.turns.push({
      key,
      room,
      state,
      attempt: 0,
      crashes: 0,
      parts: [],
      stopRequested: false,
      stoppedTurn: false,
      wasQueued: false,
      begun: false,
      discarded: false,
      isShut: false,
      ...more,
    });
  switch (arrival.kind) {
    case "question": {
      const { turnsMax, words } = arrival.whenFull;
      const wasQueued = unfinished > 0;
      if (unfinished < turnsMax) {
        add("waiting", { wasQueued });
        return wasQueued ? "queued" : "new";
      }
      if (words && unfinished === turnsMax) add("answered", { reply: words, wasQueued });
      else if (words) add("refused", { wasQueued });
      return "full";
    }
    case "revision":
      throw new Error("the model knows no revisions; test/contracts/revisions.test.ts does");
    case "refusal":
      add(arrival.reply ? "answered" : "refused", { reply: arrival.reply });
      return "new";
    case "stop": {
      const running = room.turns.find(({ state }) => state === "waiting");
      const stops = running !== undefined && running.attempt > 0;
      if (stops) running.stopRequested = true;
      add(unfinished < arrival.turnsMax ? "waiting" : "refused", { stoppedTurn: stops });
      return unfinished < arrival.turnsMax ? "new" : "full";
    }
  }
}

/** What a worker must be given of the room, and has from now on. */
export function claimInModel(room: ModelRoom, holder: number): Hand {
  const turn = headOf(room);
  if (!turn) throw new Error(`nothing is to be claimed in ${room.name}`);
  turn.attempt += 1;
  turn.crashes += 1;
  turn.begun = true;
  Object.assign(room, { due: "leased", holder });
  return { turn, attempt: turn.attempt, holder };
}

/** The newest part that one of the five turns before shows: of ids of one digit the greatest. */
export function partBefore(turn: ModelTurn): string | undefined {
  const { turns } = turn.room;
  const last = turns.slice(0, turns.indexOf(turn)).flatMap(({ parts }) => parts.at(-1) ?? []);
  return last.slice(-5).toSorted().at(-1);
}
