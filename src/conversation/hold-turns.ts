import { failpoint } from "./domain/failpoint.ts";
import { pause } from "./domain/pause.ts";
import type { Limits } from "./domain/limits.ts";
import type { EndReason, Turn } from "./domain/turn.ts";
import type { Hold } from "./ports/channel.ts";
import type { Gateway } from "./ports/gateway.ts";

/** A turn in hand: ours until released, or until a signal says to let go. */
export type HeldTurn = {
  /** As far as it has come: with the parts that are shown and the reply that is saved. */
  turn: Turn;
  /** Ends the writing: "stopped", "timeout", and all that ends the sending. */
  readonly writing: Hold;
  /** Ends the sending of what is saved: "lost", "shutdown". */
  readonly sending: Hold;
  /** Throws the reason when the turn is to be let go: before what costs money, as `Hold.check` before what a room can see. */
  check(): void;
  /** How long ago the message was kept, by the database's clock at the claim and ours since. */
  ageMs(): number;
};

export type HeldTurns = {
  /** `claimedAtMs`: just before it was claimed, by `performance.now()`; its lease began later, so it ends later than we believe. */
  take(turn: Turn, claimedAtMs: number): HeldTurn;
  release(turnId: string): void;
  /** Those in hand. */
  turns(): readonly Turn[];
  /** Stops renewing. */
  end(): void;
};

/** Why it is to be let go, if it is. */
export function endReason({ sending, writing }: HeldTurn): EndReason | undefined {
  return (sending.signal.reason ?? writing.signal.reason) as EndReason | undefined;
}

type Holding = {
  readonly held: HeldTurn;
  readonly letGo: (reason: EndReason) => void;
  readonly letGoIfOver: () => void;
  /** The lease was taken or extended by a call that began then. */
  readonly renewed: (askedAtMs: number) => void;
  readonly end: () => void;
};

const renewalsPerLease = 3;

/**
 * Keeps the leases of the turns in hand, and says through their signals when to let go: stopped by the person, lost to another
 * instance, out of time, or handed back when `handBack` aborts.
 */
export function holdTurns({ inbox, wire, journal, limits }: Gateway, handBack: AbortSignal): HeldTurns {
  const holdings = new Map<string, Holding>();
  const ended = new AbortController();

  const turnsInHand = () => [...holdings.values()].map(({ held }) => held.turn);
  const renew = async () => {
    const turns = turnsInHand();
    if (turns.length === 0) return;
    const askedAtMs = performance.now();
    const states = await inbox.renew(turns, limits.leaseMs).catch((error: unknown) => {
      journal.failed("renewing leases", error);
      return new Map<string, "held" | "lost" | "stopped">();
    });
    for (const turn of turns) {
      const holding = holdings.get(turn.id);
      const state = states.get(turn.id);
      if (holding?.held.turn.attempt === turn.attempt) applyLease(holding, state, askedAtMs);
    }
  };
  const applyLease = (holding: Holding, state: "held" | "lost" | "stopped" | undefined, askedAtMs: number) => {
    if (state === "held" || state === "stopped") holding.renewed(askedAtMs);
    if (state === "stopped" || state === "lost") holding.letGo(state);
    holding.letGoIfOver();
  };
  const renewAgainAndAgain = async () => {
    while (!ended.signal.aborted) {
      await pause(limits.leaseMs / renewalsPerLease, ended.signal);
      await renew();
    }
  };

  void renewAgainAndAgain();
  wire.hear("stop", () => void renew(), ended.signal);
  handBack.addEventListener("abort", () => holdings.forEach(({ letGo }) => letGo("shutdown")), { once: true });

  return {
    take(turn, claimedAtMs) {
      const holding = hold(turn, claimedAtMs, limits);
      holdings.set(turn.id, holding);
      if (handBack.aborted) holding.letGo("shutdown");
      return holding.held;
    },
    release(turnId) {
      holdings.get(turnId)?.end();
      holdings.delete(turnId);
    },
    turns: turnsInHand,
    end: () => ended.abort(),
  };
}

function hold(turn: Turn, claimedAtMs: number, { answerMsMax, leaseMs }: Limits): Holding {
  const [writing, sending] = [new AbortController(), new AbortController()];
  const letGo = (reason: EndReason) => {
    writing.abort(reason);
    if (reason === "lost" || reason === "shutdown") sending.abort(reason);
  };
  // A process that stood still finds both out when it goes on: by the timer before anything that waits for a while, such as a
  // retry; by the clock, in what an answer sets off that had come meanwhile.
  let overAtMs = 0;
  let over: NodeJS.Timeout | undefined;
  const renewed = (askedAtMs: number) => {
    clearTimeout(over);
    overAtMs = askedAtMs + leaseMs;
    over = setTimeout(letGo, overAtMs - performance.now(), "lost");
  };
  const letGoIfOver = () => {
    if (performance.now() > overAtMs) letGo("lost");
  };
  const watch = ({ signal }: AbortController): Hold => ({
    signal,
    check() {
      letGoIfOver();
      signal.throwIfAborted();
      failpoint("calling", turn.message);
    },
  });
  const check = () => {
    letGoIfOver();
    writing.signal.throwIfAborted();
  };
  const ageMs = () => turn.ageMs + performance.now() - claimedAtMs;
  const timeout = setTimeout(letGo, answerMsMax, "timeout");
  const end = () => [timeout, over].forEach(clearTimeout);
  renewed(claimedAtMs);
  return {
    held: { turn, writing: watch(writing), sending: watch(sending), check, ageMs },
    letGo,
    letGoIfOver,
    renewed,
    end,
  };
}
