import { GatewayError } from "./conversation/domain/errors.ts";
import { pause } from "./conversation/domain/pause.ts";
import type { Accept, Channel, ChannelHealth } from "./conversation/ports/channel.ts";
import type { Receiver } from "./conversation/ports/receiver-memory.ts";
import type { Log } from "./journal.ts";

/** Who may receive where only one instance at a time may. */
export type ReceiverLeases = {
  /** The fence while it is ours; undefined while another holds it. */
  take(name: string, leaseMs: number): Promise<string | undefined>;
  release(name: string): Promise<void>;
  /** Whether another instance lives that could take one. */
  hasHeir(): Promise<boolean>;
};

export type Supervised = {
  health(): ChannelHealth;
  /** Resolves when the channel has ended: after `signal`, or because it failed for good. Never rejects. */
  readonly ended: Promise<void>;
};

/** `taking`: the receiving is to end, handed over if it can be. `holding`: there is no more time for that. */
type EndSignals = { readonly taking: AbortSignal; readonly holding: AbortSignal };

type Supervising = { readonly accept: Accept; readonly leases: ReceiverLeases; readonly log: Log };

/** A channel that is looked after; `verdict` stands above what it says of itself. */
type Ward = Supervising & { readonly channel: Channel; verdict: ChannelHealth | undefined };

/** A successor stands ready within this, and two looks at the lease, of an instance that is cut off from the database. */
const leaseMs = 7_000;
const renewMs = 2_000;
/** How often whoever stands by looks for a receiver that became free. */
const lookMs = 1_000;
/** An instance waits this long before its next receiver, times those that it has: so that others, who have fewer, come first. */
const hesitateMs = 150;
/** How often a channel is asked how many receivers it has. */
const countMs = 5 * 60_000;
/** How long a receiver that is handed over goes on for want of a successor. Discord's `sharedMs` must be longer. */
const handOverMsMax = 5_000;
const pauseMsMax = 60_000;
/** A receiver that ran this long starts again with the shortest pause. */
const steadyMs = 60_000;

/**
 * Keeps a channel receiving: starts it again with growing pauses, and lets it end alone when it can never work. Receivers that
 * must not run twice are shared among the instances under leases, so that one has each at a time and another follows in seconds.
 */
export function supervise(channel: Channel, supervising: Supervising, signals: EndSignals): Supervised {
  const ward: Ward = { ...supervising, channel, verdict: undefined };
  const ended = channel.receivesAlone ? shareReceivers(ward, signals) : listenAgainAndAgain(ward, signals.taking);
  return { health: () => ward.verdict ?? channel.health(), ended };
}

async function listenAgainAndAgain(ward: Ward, signal: AbortSignal): Promise<void> {
  for (let tries = 0; !signal.aborted; tries++) {
    const startedAtMs = performance.now();
    try {
      return await ward.channel.listen(ward.accept, signal); // it has nothing more to receive
    } catch (error) {
      if (signal.aborted || isForGood(error, ward)) return;
    }
    if (performance.now() - startedAtMs > steadyMs) tries = 0;
    await pause(growingMs(tries), signal);
  }
}

/** One receiver after the other, as they are free: the longer the pause, the more of them are ours. */
async function shareReceivers(ward: Ward, { taking, holding }: EndSignals): Promise<void> {
  const failing = new AbortController();
  const ending = AbortSignal.any([taking, failing.signal]);
  const signals = { taking: ending, holding: AbortSignal.any([holding, failing.signal]) };
  const ours = new Map<string, Promise<void>>();
  const rests = new Map<string, { readonly tries: number; readonly untilMs: number }>();
  const names = namesOf(ward);

  const receive = async (receiver: Receiver) => {
    const { name } = receiver;
    const startedAtMs = performance.now();
    try {
      await listenUnderLease(receiver, ward, signals);
    } catch (error) {
      if (!ending.aborted && isForGood(error, ward)) failing.abort();
    }
    ours.delete(name);
    const isSteady = performance.now() - startedAtMs > steadyMs;
    const tries = isSteady ? 0 : (rests.get(name)?.tries ?? -1) + 1;
    rests.set(name, { tries, untilMs: performance.now() + growingMs(tries) });
  };

  for (let failures = 0; !ending.aborted;) {
    try {
      const idle = (await names(ending)).filter((name) => !ours.has(name));
      const rested = idle.filter((name) => performance.now() >= (rests.get(name)?.untilMs ?? 0));
      const taken = await takeOne(rested, ward);
      if (taken && !ending.aborted) ours.set(taken.name, receive(taken));
      else if (taken) await ward.leases.release(taken.name);
      const hasNone = ours.size === 0 && rested.length === idle.length;
      if (!failing.signal.aborted) ward.verdict = hasNone ? { state: "standby" } : undefined;
      failures = 0;
      await pause((taken ? hesitateMs * ours.size : lookMs) * (0.5 + Math.random() / 2), ending);
    } catch (error) {
      if (!ending.aborted && isForGood(error, ward)) failing.abort();
      if (ending.aborted) break;
      if (ours.size === 0) ward.verdict = { state: "connecting", reason: reasonOf(error) };
      await pause(Math.min(growingMs(failures++), leaseMs), ending);
    }
  }
  await Promise.all(ours.values());
}

/** The names of the channel's receivers, asked anew every now and then. */
function namesOf({ channel }: Ward): (signal: AbortSignal) => Promise<readonly string[]> {
  let known: readonly string[] | undefined;
  let askedAtMs = 0;
  return async (signal) => {
    if (!channel.receivers) return [channel.name];
    if (known && performance.now() - askedAtMs < countMs) return known;
    known = await channel.receivers(signal);
    askedAtMs = performance.now();
    return known;
  };
}

/** Not always the same first: two instances that start together would only get in each other's way. */
async function takeOne(names: readonly string[], { leases }: Ward): Promise<Receiver | undefined> {
  const first = Math.floor(Math.random() * names.length);
  for (const name of [...names.slice(first), ...names.slice(0, first)]) {
    const fence = await leases.take(name, leaseMs);
    if (fence !== undefined) return { name, fence };
  }
  return undefined;
}

/**
 * Until another has the lease, or ours is to end. What can be handed over gives the lease up first, so that a successor comes while it
 * still receives and ends it by receiving; but only where there can be one, and not for long.
 */
async function listenUnderLease(receiver: Receiver, ward: Ward, { taking, holding }: EndSignals): Promise<void> {
  const { channel, accept, leases, log } = ward;
  const [over, lost, leaving] = [new AbortController(), new AbortController(), new AbortController()];
  const [released, ended] = [new AbortController(), new AbortController()];
  const renewing = renewLease(receiver, leases, lost, AbortSignal.any([released.signal, ended.signal]));
  const handOver = async () => {
    released.abort();
    await renewing; // it could take back what is released
    if (!(await leases.hasHeir())) return;
    await leases.release(receiver.name);
    log.info({ receiver: receiver.name }, "handing over: receiving until another instance does");
    leaving.abort();
    await pause(handOverMsMax, ended.signal);
  };
  const end = async () => {
    const bound = pause(handOverMsMax, AbortSignal.any([holding, ended.signal]));
    if (channel.handsOver) await Promise.race([handOver(), bound]).catch(() => {}); // without a database there is no heir
    over.abort();
  };
  taking.addEventListener("abort", () => void end(), { once: true, signal: ended.signal });
  try {
    const signal = AbortSignal.any([over.signal, lost.signal]);
    await channel.listen(accept, signal, { ...receiver, leaving: leaving.signal });
  } finally {
    if (lost.signal.aborted) log.warn({ receiver: receiver.name }, "another instance receives now");
    ended.abort();
    over.abort();
    await renewing;
    await leases.release(receiver.name).catch(() => {}); // it runs out by itself
  }
}

/** Aborts `lost` when the lease is another's, or could not be renewed for as long as it lasts: however long the database takes to say so. */
async function renewLease(
  { name, fence }: Receiver,
  leases: ReceiverLeases,
  lost: AbortController,
  signal: AbortSignal,
): Promise<void> {
  const letGo = () => lost.abort();
  let timer = setTimeout(letGo, leaseMs);
  while (!signal.aborted && !lost.signal.aborted) {
    await pause(renewMs, signal);
    if (signal.aborted) break;
    const askedAtMs = performance.now();
    const found = await leases.take(name, leaseMs).catch(() => "unknown" as const);
    if (found === "unknown") continue;
    clearTimeout(timer);
    // A newer fence of our own says that another had it meanwhile.
    if (found !== fence) letGo();
    else timer = setTimeout(letGo, leaseMs - (performance.now() - askedAtMs));
  }
  clearTimeout(timer);
}

/** Says what happened; when the channel can never work, that is its verdict. */
function isForGood(error: unknown, ward: Ward): boolean {
  const { channel, log } = ward;
  const reason = reasonOf(error);
  if (!(error instanceof GatewayError) || error.retryable) {
    log.warn({ channel: channel.name, reason }, `${channel.name} was interrupted and starts again`);
    return false;
  }
  ward.verdict = { state: "failed", reason };
  log.error({ channel: channel.name }, `${channel.name} is off: ${reason}`);
  return true;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function growingMs(tries: number): number {
  return Math.min(pauseMsMax, 500 * 2 ** Math.min(tries, 10)) * (0.5 + Math.random() / 2);
}
