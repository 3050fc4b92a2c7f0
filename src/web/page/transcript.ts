import { chatLimits, type ChatDraft, type ChatTurn } from "../../channels/web-chat/api.ts";
import { parseCommand } from "../../conversation/domain/command.ts";
import type { Outgoing } from "./outbox.ts";

/** A message and what became of it, from the moment it is written. Its `id` is the message's. */
export type Exchange = {
  readonly id: string;
  readonly text: string;
  readonly kind: ExchangeKind;
  /** Present once the server has told of it. */
  readonly turn?: ChatTurn;
  /** Present while it is not known to be kept. */
  readonly outgoing?: Outgoing;
};

/** "stop" and "reset" steer the talk and are no part of it. */
export type ExchangeKind = "message" | "stop" | "reset";

/** Replaces the turn with the same id, or puts the turn at the end. The oldest go when they are too many. */
export function withTurn(turns: readonly ChatTurn[], turn: ChatTurn): readonly ChatTurn[] {
  const index = turns.findIndex(({ turnId }) => turnId === turn.turnId);
  return index < 0 ? [...turns, turn].slice(-chatLimits.turnsMax) : turns.with(index, turn);
}

/** Puts older turns before the others; those already there stay as they are. */
export function withEarlier(turns: readonly ChatTurn[], earlier: readonly ChatTurn[]): readonly ChatTurn[] {
  const known = new Set(turns.map(({ turnId }) => turnId));
  return [...earlier.filter(({ turnId }) => !known.has(turnId)), ...turns];
}

/** A growing reply as far as it is shown. */
export type Draft = Pick<ChatDraft, "text" | "footer">;

/** Each connection begins its drafts anew, at 0: what is in sight from the one before stays until then. */
export function grown(draft: Draft | undefined, { at, text, footer }: ChatDraft): Draft {
  return { text: (draft?.text ?? "").slice(0, at) + text, ...(footer !== undefined && { footer }) };
}

/** What the transcript shows, oldest first: what the server told of, then what is still on its way. */
export function exchanges(turns: readonly ChatTurn[], outgoing: readonly Outgoing[]): readonly Exchange[] {
  const told = new Set(turns.map(({ messageId }) => messageId));
  const all: readonly Exchange[] = [
    ...turns.map((turn) => ({ id: turn.messageId, text: turn.text, kind: kindOf(turn.text), turn })),
    ...outgoing
      .filter(({ id }) => !told.has(id))
      .map((item) => ({ id: item.id, text: item.text, kind: kindOf(item.text), outgoing: item })),
  ];
  return all.filter((exchange, index) => !(exchange.kind === "stop" && didStop(exchange, all[index - 1])));
}

/** The answer before says already that it was stopped: a second word would say nothing. */
function didStop({ turn }: Exchange, before: Exchange | undefined): boolean {
  return turn?.state === "answered" && before?.turn?.reply?.end === "stopped";
}

function kindOf(text: string): ExchangeKind {
  const name = parseCommand(text)?.name;
  if (name === "stop") return "stop";
  return name === "reset" || name === "new" ? "reset" : "message";
}

/** The exchange that is being answered now: the oldest that waits, for a room is answered in order. */
export function runningExchange(all: readonly Exchange[]): Exchange | undefined {
  return all.find(({ kind, turn }) => kind !== "stop" && turn?.state === "waiting");
}
