import { GatewayError } from "./conversation/domain/errors.ts";
import { pause } from "./conversation/domain/pause.ts";
import type { Accept, Channel, ChannelHealth } from "./conversation/ports/channel.ts";
import type { Log } from "./journal.ts";

/** Who may receive where only one instance at a time may. */
export type ReceiverLeases = {
  /** The fence while it is ours; undefined while another holds it. */
  take(name: string, leaseMs: number): Promise<string | undefined>;
  release(name: string): Promise<void>;
};

export type Supervised = {
  health(): ChannelHealth;
  /** Resolves when the channel has ended: after `signal`, or because it failed for good. Never rejects. */
  readonly ended: Promise<void>;
};

type Supervising = { readonly accept: Accept; readonly leases: ReceiverLeases; readonly log: Log };

const leaseMs = 10_000;
const renewMs = 2_000;
const pauseMsMax = 60_000;
/** A channel that ran this long starts again with the shortest pause. */
const steadyMs = 60_000;

/**
 * Keeps a channel receiving: starts it again with growing pauses, and lets it end alone when it can never work. A channel that
 * receives alone does so under a lease, so that one instance has it at a time and another follows in seconds.
 */
export function supervise(channel: Channel, supervising: Supervising, signal: AbortSignal): Supervised {
  let verdict: ChannelHealth | undefined;
  const run = async () => {
    for (let tries = 0; !signal.aborted; tries++) {
      const startedAtMs = performance.now();
      try {
        await receive(channel, supervising, (state) => (verdict = state), signal);
        if (!signal.aborted && !channel.receivesAlone) return; // it has nothing more to receive
      } catch (error) {
        if (signal.aborted) return;
        const reason = error instanceof Error ? error.message : String(error);
        if (error instanceof GatewayError && !error.retryable) {
          verdict = { state: "failed", reason };
          supervising.log.error({ channel: channel.name }, `${channel.name} is off: ${reason}`);
          return;
        }
        supervising.log.warn({ channel: channel.name, reason }, `${channel.name} was interrupted and starts again`);
      }
      if (performance.now() - startedAtMs > steadyMs) tries = 0;
      await pause(Math.min(pauseMsMax, 500 * 2 ** Math.min(tries, 10)) * (0.5 + Math.random() / 2), signal);
    }
  };
  return { health: () => verdict ?? channel.health(), ended: run() };
}

async function receive(
  channel: Channel,
  { accept, leases, log }: Supervising,
  tell: (state: ChannelHealth | undefined) => void,
  signal: AbortSignal,
): Promise<void> {
  if (!channel.receivesAlone) return await channel.listen(accept, signal);

  tell({ state: "standby" });
  while (!signal.aborted && !(await leases.take(channel.name, leaseMs))) await pause(renewMs, signal);
  if (signal.aborted) return;

  tell(undefined);
  const ours = new AbortController();
  const renewing = renewLease(channel.name, leases, ours);
  try {
    await channel.listen(accept, AbortSignal.any([signal, ours.signal]));
    if (ours.signal.aborted) log.warn({ channel: channel.name }, "another instance receives now");
  } finally {
    ours.abort();
    await renewing;
    await leases.release(channel.name).catch(() => {}); // it runs out by itself
  }
}

/** Aborts `ours` when the lease is another's, or could not be renewed for as long as it lasts. */
async function renewLease(name: string, leases: ReceiverLeases, ours: AbortController): Promise<void> {
  let renewedAtMs = performance.now();
  while (!ours.signal.aborted) {
    await pause(renewMs, ours.signal);
    if (ours.signal.aborted) return;
    const askedAtMs = performance.now();
    const fence = await leases.take(name, leaseMs).catch(() => "unknown" as const);
    if (fence === undefined) return ours.abort();
    if (fence !== "unknown") renewedAtMs = askedAtMs;
    if (performance.now() - renewedAtMs > leaseMs) return ours.abort();
  }
}
