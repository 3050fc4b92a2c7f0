import { LeaseUnsureError } from "./domain/errors.ts";
import { failpoint } from "./domain/failpoint.ts";
import { pause } from "./domain/pause.ts";
import type { Limits } from "./domain/limits.ts";
import type { EndReason, Turn } from "./domain/turn.ts";
import type { Hold } from "./ports/channel.ts";
import type { Gateway } from "./ports/gateway.ts";
import type { Claim } from "./ports/inbox.ts";

type Holder = Pick<Gateway, "inbox" | "presence" | "wire" | "journal" | "limits">;

/** A turn in hand: ours until released, or until a signal says to let go. */
export type HeldTurn = {
  /** As far as it has come: with the parts that are shown and the reply that is saved. */
  turn: Turn;
  /** Ends the writing: "stopped", "timeout", and all that ends the sending. */
  readonly writing: TurnHold;
  /** Ends the sending of what is saved: "lost", "shutdown". */
  readonly sending: TurnHold;
  /** As `Hold.check` of the writing, before what costs money. */
  check(): void;
  /** For how long it is tried, as `Claim.triedMs` at the claim: what waited for its turn is given as much time as what came at once. */
  triedMs(): number;
};

export type TurnHold = Hold & {
  /**
   * Resolves when the turn is ours for certain: at once, or when the database has told so.
   *
   * @throws LeaseUnsureError nobody can tell for the length of a lease; or the reason to let go
   */
  sure(): Promise<void>;
};

type TakenClaim = Pick<Claim, "turn" | "triedMs">;

export type HeldTurns = {
  /**
   * `claimedAtMs`: just before it was claimed, by `performance.now()`; its lease began later, so it ends later than we believe. An earlier
   * attempt of ours that is still in hand has lost it.
   */
  take(claim: TakenClaim, claimedAtMs: number): HeldTurn;
  release(held: HeldTurn): void;
  /** Those in hand. */
  turns(): readonly Turn[];
  /** Extends the leases of those in hand now. Never rejects. */
  renew(): Promise<void>;
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
  /** The lease was extended by a call that began then. */
  readonly renewed: (askedAtMs: number) => void;
  readonly end: () => void;
};

const renewalsPerLease = 3;

/**
 * Keeps the leases of the turns in hand, and says through their signals when to let go: stopped by the person, lost to another
 * instance, out of time, or handed back when `handBack` aborts. A lease that ran out because the database was away, or because the
 * process stood still, is no loss yet: what was written is kept, and nothing is sent or asked for until the database has told
 * whether anybody took the turn.
 */
export function holdTurns(gateway: Holder, handBack: AbortSignal): HeldTurns {
  const { inbox, presence, wire, journal, limits } = gateway;
  const holdings = new Map<string, Holding>();
  const ended = new AbortController();
  let renewing: Promise<void> | undefined;

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
  };
  const renewOnce = () => (renewing ??= renew().finally(() => (renewing = undefined)));
  /** By the clock, which has gone on if the process stood still; and by whether others could see all the while that we live. */
  const isSure = (leasedAtMs: number) => {
    const sinceMs = presence.sinceMs();
    if (leasedAtMs >= sinceMs && performance.now() <= leasedAtMs + limits.leaseMs) return true;
    if (sinceMs < Infinity) void renewOnce();
    return false;
  };
  const renewAgainAndAgain = async () => {
    while (!ended.signal.aborted) {
      await pause(limits.leaseMs / renewalsPerLease, ended.signal);
      await renewOnce();
    }
  };

  void renewAgainAndAgain();
  wire.hear("stop", () => void renew(), ended.signal); // not the one that is under way, which may not have seen it
  handBack.addEventListener("abort", () => holdings.forEach(({ letGo }) => letGo("shutdown")), { once: true });

  return {
    take(claim, claimedAtMs) {
      const earlier = holdings.get(claim.turn.id);
      earlier?.letGo("lost");
      earlier?.end();
      const holding = hold(claim, claimedAtMs, { limits, isSure });
      holdings.set(claim.turn.id, holding);
      if (handBack.aborted) holding.letGo("shutdown");
      return holding.held;
    },
    release(held) {
      const holding = holdings.get(held.turn.id);
      if (holding?.held !== held) return;
      holding.end();
      holdings.delete(held.turn.id);
    },
    turns: turnsInHand,
    renew,
    end: () => ended.abort(),
  };
}

type Means = {
  readonly limits: Limits;
  /** Whether a lease that was taken or extended then is ours for certain. If not, the database is asked. */
  readonly isSure: (leasedAtMs: number) => boolean;
};

function hold(claim: TakenClaim, claimedAtMs: number, { limits: { answerMsMax, leaseMs }, isSure }: Means): Holding {
  const { turn } = claim;
  const [writing, sending] = [new AbortController(), new AbortController()];
  let leasedAtMs = claimedAtMs;
  const letGo = (reason: EndReason) => {
    writing.abort(reason);
    if (reason === "lost" || reason === "shutdown") sending.abort(reason);
  };
  const checkUntil = (signal: AbortSignal) => {
    signal.throwIfAborted();
    if (!isSure(leasedAtMs)) throw new LeaseUnsureError(`others may have taken turn ${turn.id} unseen`);
  };
  const untilSure = async (signal: AbortSignal) => {
    const endsAtMs = performance.now() + leaseMs;
    while (!signal.aborted && !isSure(leasedAtMs) && performance.now() < endsAtMs) await pause(sureMs, signal);
    checkUntil(signal);
  };
  const sinceClaimMs = () => performance.now() - claimedAtMs;
  const watch = ({ signal }: AbortController): TurnHold => ({
    signal,
    ageMs: () => turn.ageMs + sinceClaimMs(),
    sure: () => untilSure(signal),
    check() {
      checkUntil(signal);
      failpoint("calling", turn.message);
    },
  });
  const check = () => checkUntil(writing.signal);
  const triedMs = () => claim.triedMs + sinceClaimMs();
  const timeout = setTimeout(letGo, answerMsMax, "timeout");
  return {
    held: { turn, writing: watch(writing), sending: watch(sending), check, triedMs },
    letGo,
    renewed: (askedAtMs) => (leasedAtMs = askedAtMs),
    end: () => clearTimeout(timeout),
  };
}

/** How often it is looked whether the database has told. */
const sureMs = 50;
